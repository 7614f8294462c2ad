# scripts/check finds what it is there to find: a small tree with one fault of each kind.
source tests/support/cli.sh

mkdir -p "$scratch/t"/{scripts,src,lua/dps/library,.ci,examples/embed,tests/c}
cp scripts/check "$scratch/t/scripts/"
cd "$scratch/t" || exit

# plant FILE LINES...: an otherwise faultless file with these lines from line 2 on
plant() {
  local file=$1
  shift
  case $file in
  *.lua) printf '%s\n' '-- What it is for.' "$@" >"$file" ;;
  *) printf '%s\n' '/* What it is for. */' "$@" >"$file" ;;
  esac
}

# finds RULE PLACE MESSAGE: the rule's only finding is this one
finds() {
  run scripts/check "$1"
  must "$1 exits 1 for $2" [ "$code" = 1 ]
  must "$1 finds only: $2: $3" [ "$out" = "$2: $3" ]
}

run scripts/check layers banned sizes annotations text
must "an empty tree has no findings" [ "$code" = 0 ]

# one FILE RULE LINE MESSAGE LINES...: plants, expects the finding, takes the file away
one() {
  local file=$1 rule=$2 line=$3 message=$4
  shift 4
  plant "$file" "$@"
  finds "$rule" "$file:$line" "$message"
  rm "$file"
}

one src/buf.c layers 2 'plain C knows no Lua' '#include <lua.h>'
one src/sign.h layers 2 'plain C includes no binding' '#include "lua_http.h"'
one src/lua_a.c layers 3 'no binding includes a .c file' '' '#include "lua_b.c"'
one src/main.c layers 2 'a host of the engine needs dps.h alone' '#include "buf.h"'
one examples/embed/host.c layers 2 'a host of the engine needs dps.h alone' '#include <curl/curl.h>'
one src/lua_x.c layers 2 'only http and loop know libcurl' '#include <curl/curl.h>'
one src/loop.c layers 2 'only serve knows libmicrohttpd' '#include <microhttpd.h>'
one src/state.c layers 2 'only lua_sqlite and lua_regex know SQLite' '#include <sqlite3.h>'
one src/http.c layers 2 'only sign and secret know libcrypto' '#include <openssl/evp.h>'
one lua/dps/library/a.lua layers 2 'the local library knows no client' 'require "dps.client"'
one lua/dps/url.lua layers 2 'a pure module uses no native code' "local n = require('dps.native')"
one lua/dps/csv.lua layers 2 'only dps.json knows cjson' 'local c = require "cjson.safe"'
one lua/dps/rank.lua layers 2 'the clock is native.now()' 'local t = os.time()'

banned='banned function (ceilings, threads, locale)'
one src/buf.c banned 3 "$banned" '/* sprintf( in a comment */' 'void f(char *s) { gets(s); }'
one tests/c/test_x.c banned 2 "$banned" 'int f(void) { return atoi ("1"); }'
one src/lua_x.c banned 2 'a binding allocates with Lua or dps_buf' 'void f(void *p) { free(p); }'
plant src/buf.c 'void f(void) { my_system(snprintf, fgets(0, 0, 0)); /* system( */ } // system('
run scripts/check banned
must "names that only end like a banned one are let through" [ "$code" = 0 ]

mapfile -t lines <<<"$(yes '  g();' | head -59)"
one src/buf.c sizes 2 'function of 61 lines, more than 60' 'void f(void) {' "${lines[@]}" '}'
mapfile -t lines <<<"$(yes '  g()' | head -40)"
one lua/dps/a.lua sizes 3 'function of 42 lines, more than 40' '' 'local function f()' \
  "${lines[@]}" 'end'
mapfile -t lines <<<"$(yes '//' | head -450)"
one src/buf.c sizes 1 'file of 451 lines, more than 450' "${lines[@]}"

parse='function date.parse(text) end'
one lua/dps/date.lua annotations 2 'exported function without a --- comment' "$parse" 'return date'
one lua/dps/date.lua annotations 3 'exported function without ---@param' \
  '---Reads.' "$parse" 'return date'
plant lua/dps/date.lua '---Reads.' '---@param text string' "$parse" 'return date'
run scripts/check annotations
must "an annotated function is let through" [ "$code" = 0 ]
plant lua/dps/date.lua 'function Private:parse(text) end' 'return date'
run scripts/check annotations
must "what the module does not return needs no annotation" [ "$code" = 0 ]
rm lua/dps/date.lua

machine=/work
one lua/dps/a.lua text 2 'a path of one machine' "-- see $machine/notes"
one lua/dps/a.lua text 2 'trailing whitespace' 'local a = 1 '
one lua/dps/a.lua text 2 'tab' $'\tlocal a = 1'
printf 'local a = 1\n' >lua/dps/a.lua
finds text lua/dps/a.lua:1 'does not open with what it is for'
printf -- '-- no end' >lua/dps/a.lua
finds text lua/dps/a.lua:1 'no newline at the end'
rm lua/dps/a.lua
printf '#!/usr/bin/env bash\n# usage: scripts/x\n' >scripts/x
finds text scripts/x:1 'not executable'
chmod +x scripts/x && printf '#!/usr/bin/env bash\nif\n' >scripts/x
run scripts/check text
must "a script that bash cannot read is found" has "$out" 'scripts/x:1: not bash'
must "a script without a usage line is found" has "$out" 'scripts/x:2: no usage line'

# Fuzzing itself takes clang and minutes; here the targets are scripts.
mkdir -p bin tests/fuzz/corpus/good build-fuzz/tests
printf '#!/bin/sh\n' | tee bin/clang >scripts/build
printf '#!/bin/sh\necho "Done 7 runs in 1 second(s), $*"\n' >build-fuzz/tests/fuzz_good
printf '#!/bin/sh\necho "the reason" >&2; exit 77\n' >build-fuzz/tests/fuzz_bad
cp build-fuzz/tests/fuzz_bad build-fuzz/tests/fuzz_gone # its source is there no more
chmod +x bin/clang scripts/build build-fuzz/tests/*
plant tests/fuzz/fuzz_good.c && plant tests/fuzz/fuzz_bad.c
PATH=$PWD/bin:$PATH run scripts/check --fuzz 1 banned
must "--fuzz fails when a target does" [ "$code" = 1 ]
must "--fuzz finds the target that fails" has "$out" 'tests/fuzz/fuzz_bad.c:1: fails (input saved'
must "--fuzz finds no other" [ "$(wc -l <<<"$out")" = 1 ]
must "--fuzz shows what the target told" has "$err" 'the reason'
must "--fuzz runs a target for so long" has "$err" 'fuzzed good: 7 runs in 1 second(s), -max_total_time=1 '
must "--fuzz starts from the corpus" has "$err" ' tests/fuzz/corpus/good'

finish
