# What dps serve takes beside port and database: copies in and out, a fresh start, faults as a client
# sees them, switches, and the list of what is covered.
. tests/support/cli.sh
. tests/support/serve.sh

db=$scratch/a.db
tag='{"name":"summer"}'

# refused NAME TEXT OPTIONS: exit code 2, TEXT on stderr, and no server
refused() {
  local name=$1 text=$2
  shift 2
  run "$DPS" serve "$@"
  must "$name is refused" [ "$code" = 2 ]
  must "$name is refused in words" has "$err" "$text"
}

# --- out, in, reset ---

start_library --db "$db"
ask POST /tags -d "$tag"
id=$(grep -oE 'dps:tag:[0-9a-f]+' <<<"$body")
ask GET "/tags/$id"
before=$body
stop_library
run "$DPS" serve --db "$db" --export "$scratch/copy.json"
must 'an export ends well and says nothing' [ "$code-$out$err" = 0- ]
must 'it is JSON with a line for each object' [ "$(grep -c '"resource"' "$scratch/copy.json")" = 2 ]
start_library --import "$scratch/copy.json"
ask GET "/tags/$id"
must 'an import gives the same object, dates and etag included' [ "$body" = "$before" ]
stop_library
run "$DPS" serve --import "$scratch/copy.json" --export -
must 'an import can be exported again, to stdout' [ "$out" = "$(<"$scratch/copy.json")" ]
start_library --db "$db" --reset
ask GET "/tags/$id"
must 'a reset leaves nothing' [ "$status" = 404 ]
ask GET /placements
must 'but what a new library is born with' has "$body" offerPlacement1234
stop_library

refused 'an export of nothing' '--export needs --db or --import' --export -
refused 'an export to nowhere' "can't be written" --db "$db" --export "$scratch/none/a.json"
refused 'an import of no file' "$scratch/none can't be imported" --import "$scratch/none"
echo '{"sandboxes":' >"$scratch/broken.json"
refused 'an import of half a file' "can't be imported: it is not JSON" --port 0 --import "$scratch/broken.json"
refused 'a fault that is none' "'fire' is no fault" --port 0 --fault fire
refused 'a value that no switch takes' '--if-match takes ignore, 409, 412' --port 0 --if-match 500
if type -P sqlite3 >/dev/null; then
  sqlite3 "$db" 'PRAGMA user_version = 1'
  refused 'a database of another version' 'give another file, or --reset it' --port 0 --db "$db"
  start_library --db "$db" --reset
  must 'and a reset makes it one of this version' [ "$url" ]
  stop_library
  sqlite3 "$scratch/other.db" 'CREATE TABLE mine (a)'
  refused "a reset of another program's database" 'belongs to another program' --db "$scratch/other.db" --reset
fi

# --- switches and coverage ---

start_library --strict-names --delete-status 204 --if-match 412
ask POST /tags -d "$tag"
id=$(grep -oE 'dps:tag:[0-9a-f]+' <<<"$body")
ask POST /tags -d "$tag"
must 'a switch is heard: names are unique' [ "$status" = 422 ]
ask DELETE "/tags/$id" -H 'If-Match: "7"'
must 'and If-Match is answered as told' [ "$status" = 412 ]
ask DELETE "/tags/$id"
must 'and a delete as told' [ "$status" = 204 ]
stop_library
run "$DPS" serve --coverage
must 'coverage ends at once, and well' [ "$code" = 0 ]
must 'it lists resources, switches and what is left out' \
  [ "$(grep -cE '^(Resources|Switches|Not covered)' <<<"$out")" = 3 ]
must 'it fits a terminal of 140 columns' [ "$(awk 'length > 140' <<<"$out" | wc -l)" = 0 ]

# --- faults ---

start_library --fault 'lost first=1 method=POST' --fault '429 first=1 retry-after=1 method=GET'
ask POST /tags -d "$tag"
must 'a lost answer is a connection that was reset' has "$err" 'reset by peer'
ask GET /tags
must 'the first read is throttled, and says for how long' \
  [ "$status-$(grep -ciE '^retry-after: 1' "$scratch/head")" = 429-1 ]
ask GET /tags
must 'what was lost was done all the same' has "$body" '"total":1'
ask GET /tags -H 'x-dps-fault: cut'
must 'an answer that is cut ends too soon' has "$err" 'bytes remaining'
ask GET /tags -H 'x-dps-fault: slow seconds=0.3' -w '%{time_total}'
must 'an answer that is late comes' has "$body" '"total":1'
ask GET /tags -H 'x-dps-fault: garbage'
must 'garbage comes with a good status' [ "$status" = 200 ]
point_at_library
cat >"$scratch/try.lua" <<'LUA'
local ok, e = pcall(dps.request, { method = "POST", path = "/tags", body = { name = "n" },
  headers = { ["x-dps-fault"] = arg[1] } })
print(ok, ok or e.kind)
LUA
for fault in 'lost unknown' 'cut unknown' '503 http'; do
  run "$DPS" run "$scratch/try.lua" "${fault% *}"
  must "a script sees '${fault% *}' as ${fault#* }" [ "$out" = $'false\t'"${fault#* }" ]
done
stop_library
must 'it ends at once although answers were lost' [ "$took" -lt 2000 ]
finish
