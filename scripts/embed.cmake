# Turns Lua sources into one C file: a table of { module, file, bytes, length }.
#
#   cmake -DOUT=embedded.c -DROOT=lua -DFILES="a.lua;b.lua" [-DEXTRA="argparse=/path/argparse.lua"] -P embed.cmake
#
# lua/dps/init.lua becomes "dps", lua/dps/library/init.lua "dps.library", lua/dps/csv.lua "dps.csv".
cmake_minimum_required(VERSION 3.21)

set(bodies "")
set(rows "")
set(index 0)

macro(embed module name file)
  file(READ "${file}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR length "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND bodies "static const unsigned char source_${index}[] = {${bytes}0x00};\n")
  string(APPEND rows "    {\"${module}\", \"${name}\", (const char *)source_${index}, ${length}},\n")
  math(EXPR index "${index} + 1")
endmacro()

foreach(path IN LISTS FILES)
  file(RELATIVE_PATH name "${ROOT}" "${path}")
  string(REGEX REPLACE "\\.lua$" "" module "${name}")
  string(REGEX REPLACE "/init$" "" module "${module}")
  string(REPLACE "/" "." module "${module}")
  embed("${module}" "${name}" "${path}")
endforeach()
foreach(pair IN LISTS EXTRA)
  string(REGEX MATCH "^([^=]+)=(.+)$" _ "${pair}")
  embed("${CMAKE_MATCH_1}" "${CMAKE_MATCH_1}.lua" "${CMAKE_MATCH_2}")
endforeach()

file(WRITE "${OUT}.new"
  "#include \"embed.h\"\n\n${bodies}\n"
  "const struct dps_source dps_sources[] = {\n${rows}    {0, 0, 0, 0},\n};\n")
file(COPY_FILE "${OUT}.new" "${OUT}" ONLY_IF_DIFFERENT)
file(REMOVE "${OUT}.new")
file(TOUCH_NOCREATE "${OUT}")
