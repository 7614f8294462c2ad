# What dps run tells programs and people about a failure: JSON lines, --verbose, --quiet.
source tests/support/cli.sh
source tests/support/serve.sh
here=$PWD
cd "$scratch" || exit
script() {
  local name=$1
  shift
  printf '%s\n' "$@" >"$name"
}
start_library
must "dps serve starts" [ -n "$url" ]
point_at_library

# --- --json: one line for each failure, whatever is in it ---

cat >check.lua <<'LUA'
local json = require "dps.json"
local line = assert(io.read "l", "nothing was written")
assert(not io.read "l", "more than one line was written")
local report = assert(json.decode(line))
assert(math.type(report.exit) == "integer" and type(report.error.message) == "string")
print(report.exit, report.error.kind, report.error.where)
LUA

# fails KIND WHERE COMMAND...: writes one line of JSON with this kind and place, and its own exit code
fails() {
  local kind=$1 where=$2 told
  shift 2
  run "$DPS" run --json "$@"
  told=$("$DPS" run check.lua <"$scratch/err" 2>&1)
  must "--json $*: one line of JSON: $kind at $where" [ "$told" = "$code"$'\t'"$kind"$'\t'"$where" ]
  must "--json $*: others can read it" json "$scratch/err" d
}
script syntax.lua 'print('
script error.lua 'error "it\27[31m failed"'
script latin.lua $'error "caf\xe9"'
script latin_name.lua $'local ok, e = pcall(dps.create_fallback, { name = "caf\xe9" })' 'error(e)'
script nothing.lua 'error()'
script invalid.lua '' 'dps.create_fallback { name = "Summer" }'
script missing.lua 'dps.get_fallback "dps:fallback-offer:none"'
script emptied.lua 'local ok, e = pcall(dps.get_fallback, "a b")' 'e.message, e.problems = nil, nil' 'error(e)'
script cyclic.lua 'local ok, e = pcall(dps.get_fallback, "a b")' 'e.problems[1].more = e.problems' 'error(e)'
script misused.lua 'dps.list_fallbacks { limt = 5 }'
script task.lua 'dps.spawn(dps.create_fallback, {})' 'dps.sleep(0)'
fails script nil syntax.lua
fails script nil error.lua
fails script nil latin.lua
fails script nil nothing.lua
fails script nil emptied.lua
fails invalid cyclic.lua:1 cyclic.lua
fails invalid misused.lua:1 misused.lua
fails refused nil nosuch.lua
fails refused nil --local-db x.db missing.lua
fails invalid invalid.lua:2 invalid.lua
fails invalid latin_name.lua:1 latin_name.lua
fails http missing.lua:1 missing.lua
fails http missing.lua:1 --local missing.lua
DPS_BASE_URL=http://127.0.0.1:1 fails transport missing.lua:1 missing.lua
DPS_SANDBOX='' fails refused missing.lua:1 missing.lua
DPS_TIMEOUT=soon fails refused missing.lua:1 missing.lua

run "$DPS" run --json invalid.lua
must "JSON names the problems by path" has "$err" '"path":"representations"'
must "JSON names the offer" has "$err" '"name":"Summer","operation":"create_fallback"'
must "JSON says what to do" has "$err" '"hint":"correct the table'
run "$DPS" run --json missing.lua
must "JSON has the status as a number" has "$err" '"status":404'
must "JSON has the service's request id" has "$err" '"request_id":"'
run "$DPS" run --json task.lua
must "a failed task nobody waits for is told in JSON" has "$err" '"kind":"invalid"'

# --- --verbose and --quiet ---

script calls.lua 'dps.create_placement { name = "P", channel = "https://ns.adobe.com/xdm/channel-types/web",' \
  '  componentType = "html" }' 'pcall(dps.get_placement, "none")' 'print "done"'
run "$DPS" run --verbose calls.lua
must "--verbose writes a line for each request" [ "$(wc -l <"$scratch/err")" = 2 ]
must "--verbose shows method, target and status of a write" grep -qE '^POST /placements: 201, [0-9]+ ms$' "$scratch/err"
must "--verbose shows method, target and status of a read" grep -qE '^GET /placements/none: 404, [0-9]+ ms$' "$scratch/err"
must "--verbose leaves standard output to the script" [ "$out" = done ]
DPS_BASE_URL=http://127.0.0.1:1 run "$DPS" run --verbose missing.lua
must "--verbose shows a call without an answer" grep -qE '^GET /offers/.*connect' "$scratch/err"
run "$DPS" run calls.lua
must "without --verbose nothing is told" [ "$out$err" = done ]
run "$DPS" run --local --verbose calls.lua
must "--local --verbose says where the library is" \
  grep -qE '^local Offer Library at http://127\.0\.0\.1:[0-9]+/data/core/dps$' "$scratch/err"

# A list that changes while it is read is worth a warning.
script warns.lua 'for _, name in ipairs { "A", "B", "C" } do' '  dps.create_placement { name = name,' \
  '    channel = "https://ns.adobe.com/xdm/channel-types/web", componentType = "html" }' 'end' \
  'for placement in dps.list_placements { limit = 1, order_by = "name" } do' \
  '  if placement.name == "A" then dps.delete_placement(placement) end' 'end'
run "$DPS" run --local warns.lua
must "a list that changed is warned about" has "$err" 'warning: list_placements: the service counts'
run "$DPS" run --local --quiet warns.lua
must "--quiet leaves warnings out" [ "$code$out$err" = 0 ]
run "$DPS" run --local --quiet invalid.lua
must "--quiet still tells a failure" has "$err" 'invalid.lua:2: create_fallback failed'
run "$DPS" run --dry-run --quiet calls.lua
must "--quiet still says what a dry run would write" has "$out" 'would create placement "P"'

# --- several tasks ---

script two.lua 'dps.spawn(function() error "one" end)' 'dps.spawn(dps.create_fallback, {})' 'dps.sleep(0)' 'print "end"'
run "$DPS" run two.lua
must "the script goes on when a task fails" [ "$out" = end ]
must "each failed task is told" has "$err" 'two.lua:1: one'
must "each failed task is told, the other kind too" has "$err" 'create_fallback failed for fallback offer'
must "a run with failed tasks has failed" [ "$code" -ne 0 ]
stop_library

cd "$here" || exit
finish
