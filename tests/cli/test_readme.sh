# README.md is true: its scripts run and print what it shows, and what it names is there.
source tests/support/cli.sh
root=$PWD readme=$PWD/README.md house=$PWD/src/README.md
code=0 out='' err=''

# --- its examples: a lua block becomes the file that its first line names ---

awk -v folder="$scratch" '
  /^```/ && fence { fence = ""; close(file); next }
  /^```/ { fence = substr($0, 4); first = 1; blocks[fence]++; file = ""; next }
  fence == "lua" && first {
    if (match($0, /^-- [A-Za-z0-9_]+\.lua$/)) file = folder "/" substr($0, 4); else nameless++
  }
  fence == "console" && first { file = folder "/console." blocks[fence] }
  fence { first = 0; if (file != "") print > file }
  END { print blocks["lua"] + 0, blocks["console"] + 0, nameless + 0 > (folder "/counts") }
' "$readme"
read -r lua console nameless <"$scratch/counts"
must "README has two scripts or more (it has $lua)" [ "$lua" -ge 2 ]
must "README has three commands with their output or more (it has $console)" [ "$console" -ge 3 ]
must "every lua block begins with its file's name" [ "$nameless" = 0 ]

# Ids, ports and times differ from run to run.
normal() {
  sed -E 's/(dps:[a-z-]+:)[0-9a-f]{16}/\1<hex>/g; s/(127\.0\.0\.1:)[0-9]+/\1<port>/g
    s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\+00:00)/<time>/g; s/[0-9]+ ms/<time>/g'
}

# Runs the commands of a console block in order, in the folder where the scripts are.
play() {
  local line
  while IFS= read -r line; do
    [[ $line == '$ '* ]] || continue
    printf '%s\n' "$line"
    line=${line#'$ '}
    (cd "$scratch" && timeout 20 bash -c "${line//build\/dps/\"\$DPS\"}" 2>&1 </dev/null)
  done <"$1"
}

commands=0
for ((i = 1; i <= console; i++)); do
  block=$scratch/console.$i
  commands=$((commands + $(grep -c '^\$ ' "$block")))
  must "console block $i begins with a command" grep -q '^\$ ' <(head -n 1 "$block")
  normal <"$block" >"$scratch/expected"
  play "$block" | normal >"$scratch/actual"
  out=$(diff "$scratch/expected" "$scratch/actual")
  must "console block $i prints what README shows (< is README)" [ -z "$out" ]
done
must "README's commands were run ($commands)" [ "$commands" -ge 3 ]
for file in "$scratch"/*.lua; do
  name=${file##*/}
  must "README runs $name" grep -qE "^\\$ build/dps run .*$name" "$readme"
done

# --- its command line is the one of --help ---

# options_of COMMAND: as --help has them, without --help itself
options_of() { "$DPS" "$1" --help | grep -oE '^ +(-h, )?--[a-z-]+( [A-Z]+)?' | sed -E 's/^ +//; /--help/d' | sort; }
section=$(sed -n '/^## Command line/,/^## /p' "$readme")
[[ $section ]] || section=none

run diff <(options_of run) <(sed -n '/dps run/,/dps check/p' <<<"$section" | grep -v 'dps check' |
  grep -oE -- '--[a-z-]+( [A-Z]+)?' | sort)
must "README has exactly the options of dps run (< is --help)" [ "$code" = 0 ]
must "dps run --help was read" [ "$(options_of run | wc -l)" -ge 8 ]
run diff <(comm -13 <(options_of run) <(options_of check)) \
  <(sed -n '/dps check/,/dps serve/p' <<<"$section" | grep -v 'dps serve' |
    grep -oE -- '--[a-z-]+( [A-Z]+)?' | sort -u)
must "README has exactly the options that dps check has beside those of run" [ "$code" = 0 ]
switches=$("$DPS" serve --coverage | grep -oE '^  --[a-z-]+')
run diff <(options_of serve | grep -vxE "($(paste -sd'|' <<<"${switches//  /}"))( .*)?") \
  <(sed -n '/dps serve/,/dps sign/p' <<<"$section" | grep -v 'dps sign' |
     grep -oE -- '--[a-z-]+( [A-Z]+)?' | sort)
must "README has the options of dps serve but its switches (< is --help)" [ "$code" = 0 ]
must "dps serve --coverage lists switches" [ "$(wc -l <<<"$switches")" -ge 15 ]
must "dps serve --help was read" [ "$(options_of serve | wc -l)" -ge 3 ]

# --- its environment variables are those that are read ---

read_by_code() {
  grep -ohE 'env = "DPS_[A-Z_]+"|env "DPS_[A-Z_]+"|getenv ?\(?"DPS_[A-Z_]+"' -r lua src |
    grep -oE 'DPS_[A-Z_]+' | sort -u
}
# A list of the file has DPS_ before each of its names, another DPS_SIGN_.
shielded() {
  grep -qwE "${1#DPS_}|$1|${1#DPS_SIGN_}" tests/CMakeLists.txt
}
named=$(grep -oE '\bDPS_[A-Z_]+' "$readme" | sort -u)
run diff <(read_by_code) <(printf '%s\n' "$named")
must "README names exactly the variables that are read (< is the code)" [ "$code" = 0 ]
must "the code's variables were found" [ "$(read_by_code | wc -l)" -ge 10 ]
for variable in $named; do
  must "every test is shielded from $variable of its caller" shielded "$variable"
done

# --- what it points to is there ---

# links FILE: targets of [text](target) and paths in backticks, from the root; build/ is made later
links() {
  local base=${1%/*}
  grep -oE '\]\([^)#]+' "$1" | cut -c3- | grep -v '^https\?:' | sed "s|^|$base/|"
  grep -oE '`(src|lua|scripts|examples|tests)/[^` ]+`' "$1" | tr -d '\140' | sed "s|^|$root/|"
  grep -oE '^ +scripts/[a-z]+' "$1" | tr -d ' ' | sed "s|^|$root/|"
}
found=0
for file in "$readme" "$house"; do
  while IFS= read -r target; do
    found=$((found + 1))
    must "${file#"$root"/} points to ${target#"$root"/}, which exists" [ -e "$target" ]
  done < <(links "$file")
done
must "README points somewhere ($found places)" [ "$found" -ge 10 ]
must "README is short enough to be read (200 lines)" [ "$(wc -l <"$readme")" -le 200 ]

# --- the house that src/README.md draws is the one that stands ---

# The drawing has three columns: plain C, binding C, Lua. A name stands where a column begins.
drawing=$(sed -n '/^plain C  /,/^```/p' "$house" | sed '$d')
must "src/README.md has its drawing" [ "$(wc -l <<<"$drawing")" -ge 8 ]
names() {
  awk -v title="$1" '
    /^plain C  / { at = index($0, title); next }
    substr($0, at) ~ /^ ?[a-z]/ && (at == 1 || substr($0, at - 1, 1) == " ") {
      split(substr($0, at), part, " "); print part[1]
    }' <<<"$drawing"
}
mapfile -t plain < <(names 'plain C')
mapfile -t binding < <(names 'binding C')
mapfile -t lua_names < <(names 'Lua (')
must "the drawing names plain C (${#plain[@]})" [ "${#plain[@]}" -ge 8 ]
must "the drawing names binding C (${#binding[@]})" [ "${#binding[@]}" -ge 5 ]
must "the drawing names Lua (${#lua_names[@]})" [ "${#lua_names[@]}" -ge 8 ]

for name in "${plain[@]}" "${binding[@]}"; do
  must "the drawing's $name is in src" compgen -G "src/$name.c" >/dev/null
done
for name in "${lua_names[@]}"; do
  if [[ $name == */ ]]; then
    must "the drawing's $name is a folder of lua/dps" [ -d "lua/dps/$name" ]
  else
    must "the drawing's $name is in lua/dps" [ -f "lua/dps/$name.lua" ]
  fi
done
covered() {
  local name
  for name in "${plain[@]}" "${binding[@]}"; do
    # shellcheck disable=SC2053  # lua_* is a pattern
    [[ $1 == $name.c ]] && return
  done
  grep -qF "\`$1\`" "$house"
}
for file in src/*.c; do
  must "src/README.md has a place for $file" covered "${file#src/}"
done

finish
