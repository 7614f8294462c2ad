# dps run: which script, whose options, which exit code, and what a person reads when it goes wrong.
source tests/support/cli.sh
web=https://ns.adobe.com/xdm/channel-types/web
here=$PWD
cd "$scratch" || exit

# script NAME LINES...: writes it
script() {
  local name=$1
  shift
  printf '%s\n' "$@" >"$name"
}
dps() { run "$DPS" "$@"; }
is() { [ "$out" = "$1" ]; }

# refuses WHAT CODE WORDS COMMAND...: ends with that code, says these words, and runs no script
refuses() {
  local what=$1 wanted=$2 words=$3
  shift 3
  dps "$@"
  must "$what: exit code $wanted" [ "$code" = "$wanted" ]
  must "$what: says \"$words\"" has "$err" "$words"
  must "$what: nothing is run" [ -z "$out" ]
  must "$what: Lua's own insides are not shown" lacks "$err" 'dps/'
}

# --- which script ---

script good.lua 'print(arg[0], #arg, select("#", ...), ...)'
mkdir folder
printf 'local a = 1\nprint("no"\nlocal b\n' >syntax.lua
printf 'print "no"\n' >forbidden.lua
refuses "a missing script" 2 '"missing.lua" can'\''t be opened: No such file' run missing.lua
refuses "an empty name" 2 'script "" can'\''t be opened' run ''
refuses "a folder" 2 '"folder" can'\''t be read: Is a directory' run folder
refuses "a file that fails while it is read" 2 "can't be read" run /proc/self/mem
refuses "a file without an end" 2 'larger than 16 MiB' run /dev/zero
refuses "a syntax error" 1 "syntax.lua:3: ')' expected (to close '(' at line 2)" run syntax.lua
if [ "$(id -u)" != 0 ]; then
  chmod 000 forbidden.lua
  refuses "a script that may not be read" 2 'Permission denied' run forbidden.lua
fi

script dump.lua 'io.open("bytes.lua", "wb"):write(string.dump(load "print [[no]]")):close()' 'print "dumped"'
dps run dump.lua
must "string.dump makes bytecode for the next test" is dumped
refuses "bytecode" 2 '"bytes.lua" is Lua bytecode, not a script' run bytes.lua
if type -P luac5.4 >/dev/null; then
  luac5.4 -o compiled.lua good.lua
  refuses "luac's output" 2 '"compiled.lua" is Lua bytecode' run compiled.lua
fi
{ printf '#!/usr/bin/dps\n' && cat bytes.lua; } >hidden.lua
printf 'local b = "\xe2\x80\x9cfine\xe2\x80\x9d"\nprint(\xe2\x80\x9chello\xe2\x80\x9d)\n' >quotes.lua
refuses "a typographic quote" 1 "quotes.lua:2: unexpected symbol near '<\226>'" run quotes.lua
must "a typographic quote is named" has "$err" 'a typographic quote (“) stands there; use plain quotes'
printf 'local a = \xe2\x80\x94 1 -- \xe2\x80\x9c\n' >dash.lua
run "$DPS" run dash.lua
must "another sign is taken for no quote" lacks "$err" typographic
printf 'dps.representation.htm()\n' >misspelt.lua
refuses "a misspelt function of a module" 1 \
  'misspelt.lua:1: dps.representation has no htm (did you mean dps.representation.html?)' run misspelt.lua
printf 'dps.date.busines {}\n' >misspelt.lua
refuses "a misspelt function of dps.date" 1 \
  'misspelt.lua:1: dps.date has no busines (did you mean dps.date.business?)' run misspelt.lua

refuses "bytecode behind a first line with #!" 1 'hidden.lua:2: unexpected symbol' run hidden.lua

: >empty.lua
dps run empty.lua
must "an empty script is fine and silent" [ "$code$out$err" = 0 ]
printf '#!/usr/bin/env dps\nprint "ran"\nerror "line 3"\n' >first.lua
dps run first.lua
must "a first line with #! is skipped" is ran
must "a first line with #! counts as a line" has "$err" 'first.lua:3: line 3'
printf '\xef\xbb\xbfprint "ran"' >bom.lua
dps run bom.lua
must "a byte order mark is skipped" [ "$code$out" = 0ran ]
printf '\xef\xbb\xbf#!/usr/bin/env dps\r\nprint "ran"\r\nerror "line 3"\r\n' >crlf.lua
dps run crlf.lua
must "a script from Windows runs" is ran
must "a script from Windows has the right lines" has "$err" 'crlf.lua:3: line 3'

# --- what follows the script is the script's own ---

dps run good.lua --verbose -h '' 'a b' --nonsense -- -x
must "options after the script are its arguments" is $'good.lua\t7\t7\t--verbose\t-h\t\ta b\t--nonsense\t--\t-x'
for option in --dry-run --local --local-db --sandbox=prod --profile; do
  dps run good.lua "$option"
  must "$option after the script is refused: it would be lost" \
    [ "$code" = 2 -a -z "$out" -a -n "$err" ]
  must "and how to write it is said" has "$err" "write dps run ${option%%=*} ... good.lua"
done
dps run -- good.lua --dry-run --sandbox x
must "with -- before the script it is the script's own" is $'good.lua\t3\t3\t--dry-run\t--sandbox\tx'
dps good.lua
must "without run, how to run a script is said" has "$err" 'write dps run good.lua'
cp good.lua ./-odd.lua
dps run -- -odd.lua -- -x
must "after -- a script may begin with a dash" is $'-odd.lua\t2\t2\t--\t-x'
dps run --local -- good.lua --local
must "options stand before --" is $'good.lua\t1\t1\t--local'
run bash -c '"$DPS" run - one --two <good.lua'
must "- reads standard input, with arguments" is $'-\t2\t2\tone\t--two'
run bash -c 'printf "error [[x]]" | "$DPS" run -'
must "a script from standard input has a name in messages" has "$err" 'stdin:1: x'
run bash -c '"$DPS" run - <folder'
must "standard input that can't be read is refused" [ "$code" = 2 ]
must "standard input that can't be read is named" has "$err" "standard input can't be read"

script where.lua 'local ok, e = pcall(dps.get_fallback, "none")' 'print(e.message:match "sandbox .-%f[^%w%p]")'
for option in '--sandbox=stage' '--sandbox stage'; do
  # shellcheck disable=SC2086  # two words
  dps run --local $option where.lua
  must "$option names the sandbox" has "$out" "sandbox 'stage'"
done

# --- options that are none ---

refuses "no command" 2 'a command is required'
refuses "an unknown command" 2 "unknown command 'srve'"$'\n'"Did you mean 'serve'?" srve
refuses "run without a script" 2 "missing argument 'SCRIPT'" run
refuses "run -- without a script" 2 "missing argument 'SCRIPT'" run --
refuses "an unknown option" 2 "unknown option '--dryrun'"$'\n'"Did you mean '--dry-run'?" run --dryrun good.lua
refuses "an unknown option among good ones" 2 "unknown option '--dry-rnu'" run --local --dry-rnu good.lua
refuses "a short option" 2 "unknown option '-n'" run -n good.lua
refuses "the start of an option" 2 "unknown option '--dry'" run --dry good.lua
refuses "an option without its value" 2 "'--sandbox' requires an argument" run --sandbox
refuses "a value for a switch" 2 "'--dry-run' does not take arguments" run --dry-run=no good.lua
refuses "--local-db without --local" 2 '--local-db needs --local' run --local-db a.db good.lua
refuses "an empty --local-db" 2 'name of the database file is empty' run --local --local-db '' good.lua
must "no database was made by the refused runs" [ ! -e a.db ]
dps run --dryrun good.lua
must "a usage error shows the command's own usage" has "$err" 'Usage: dps run [-h] [--sandbox NAME]'
dps --version
must "--version is one line" [ "$code" = 0 -a "$(wc -l <"$scratch/out")" = 1 ]
must "--version names the program" has "$out" 'dps '

# --- exit codes ---

# ends CODE LINES...: a script of these lines ends with that code
ends() {
  local wanted=$1
  shift
  script end.lua "$@"
  dps run --local end.lua
  must "exit code $wanted: $*" [ "$code" = "$wanted" ]
}
ends 0 'dps.create_placement { name = "P", channel = "'$web'", componentType = "html" }'
ends 1 'error "x"'
ends 1 'dps.get_fallback "none"'
ends 1 'dps.spawn(error, "in a task nobody waits for")'
ends 4 'dps.create_fallback()'
ends 2 'require("dps.err").raise { kind = "refused", message = "x" }'
ends 2 'dps.get_fallback "dry:fallback:1"'
ends 3 'os.exit(3)'
ends 4 'dps.create_fallback {}'
ends 4 'dps.spawn(dps.create_fallback, {}):wait()'
ends 6 'require("dps.err").raise { kind = "limit", message = "x" }'
ends 0 'pcall(dps.create_fallback, {})'
ends 0 'os.exit()'
ends 0 'os.exit(true) error "x"'
ends 1 'os.exit(false)'
ends 77 'dps.spawn(os.exit, 77) dps.sleep(60)'
ends 130 'io.popen("kill -INT $PPID"):close() while true do pcall(error) end'
must "an interrupt is told" has "$err" 'dps: stopped'

script replaced.lua 'local function mine() return "mine" end' 'dps.get_fallback = mine' \
  'local list = dps.list_fallbacks' 'pcall(function() return dps.nothing end)' \
  'print(dps.get_fallback(), dps.list_fallbacks == list)'
dps run replaced.lua
must "what a script puts in the place of an operation stays" is $'mine\ttrue'

# --- what a person reads ---

script deep.lua 'local function price(offer) return offer.price.amount end' 'local function all(offers)' \
  '  for _, offer in ipairs(offers) do price(offer) end' 'end' 'all { {} }'
dps run deep.lua
must "a programmer's error has file and line" has "$err" "deep.lua:1: attempt to index a nil value (field 'price')"
must "a programmer's error has the way to it, and nothing else" [ "$(sed '1,2d' <<<"$err")" = \
  $'\tdeep.lua:1: in upvalue \'price\'\n\tdeep.lua:3: in local \'all\'\n\tdeep.lua:5: in main chunk' ]

script helper.lua 'local helper = {}' 'function helper.boom() error "boom" end' 'return helper'
script uses.lua 'require("helper").boom()'
dps run uses.lua
must "a module beside the script is found" has "$err" 'helper.lua:2: boom'
must "the script's line is told too" has "$err" 'uses.lua:1: in main chunk'
cd folder && dps run ../uses.lua && cd ..
must "a module is looked for beside the script, not in the current folder" has "$err" '../helper.lua:2: boom'
script broken.lua 'return {'
script uses_broken.lua 'require "broken"'
dps run uses_broken.lua
must "a syntax error in a module has its file and line" has "$err" "broken.lua:2: unexpected symbol near <eof>"
printf 'not a library' >native.so
script uses_native.lua 'require "native"'
dps run uses_native.lua
must "a missing module is told as missing" has "$err" "uses_native.lua:1: module 'native' not found"
must "no relative place is searched for native libraries" lacks "$err" "'./native.so'"

script inside.lua 'local function make(name)' '  local receipt = dps.create_fallback {' '    name = name,' '  }' \
  '  return receipt.id' 'end' 'make "Summer"'
mkdir -p dps && cp inside.lua deep.lua dps/
for file in inside.lua dps/inside.lua; do
  dps run --local "$file"
  must "$file: a failed call is told with the line that made it" has "$err" \
    "$file:2: create_fallback failed for fallback offer \"Summer\""
  must "$file: it says what to do" has "$err" $'\nwhat to do: correct the table at this line'
done
dps run dps/deep.lua
must "a script in a folder called dps has its traceback" has "$err" 'dps/deep.lua:5: in main chunk'

# says WORDS LINES...: what standard error says first about a script of these lines
says() {
  local words=$1
  shift
  script says.lua "$@"
  dps run --local says.lua
  must "$* fails" [ "$code" = "$ends" ]
  must "$* says: $words" [ "$(head -n 1 <<<"$err")" = "$words" ]
}
needs='invalid: create_fallback needs a table that describes the fallback offer, got' ends=4
says "says.lua:2: $needs nothing" '' 'dps.create_fallback()'
says "says.lua:1: $needs nothing" 'local offer dps.create_fallback(offer)'
says "says.lua:1: $needs a number" 'dps.create_fallback(1)'
says "says.lua:1: $needs a string" 'dps.create_fallback "Summer"'
says 'says.lua:1: invalid: list_fallbacks: unknown option "limt" (did you mean "limit"?)' \
  'dps.list_fallbacks { limt = 5 }'
says 'says.lua:1: invalid: write dps.get_fallback with a dot, not dps:get_fallback' 'dps:get_fallback("x")'
says 'says.lua:1: invalid: sleep: seconds must be a number from 0 to 1e9, got a string' 'dps.sleep "a while"'
says 'says.lua:1: invalid: spawn: a function is needed, got nothing' 'dps.spawn(nil)'
ends=1
says 'says.lua:2: dps has no create_fallbak (did you mean dps.create_fallback?)' '' 'dps.create_fallbak {}'
says 'error() was called with nothing instead of a message' 'error()'
says 'error() was called with a table instead of a message' 'error { code = 1 }'
says 'error() was called with a table instead of a message' 'error(setmetatable({}, { __tostring = error }))'
says 'my own words' 'error(setmetatable({}, { __tostring = function() return "my own words" end }))'
must "the call of error is no part of the way" lacks "$err" "'error'"

cd "$here" || exit
finish
