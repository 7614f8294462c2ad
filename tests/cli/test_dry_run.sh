# --dry-run sends no write by any way, says each one that it would have sent, and answers for what it
# would have written.
source tests/support/cli.sh
source tests/support/serve.sh

cat >"$scratch/writes.lua" <<'LUA'
local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local function offer(name, placement)
  return { name = name, status = "draft", representations = { { channel = WEB, placement = placement, components = {
    { type = "imagelink", format = "image/png", deliveryURL = "https://example.com/a.png" } } } } }
end
local function say(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  local text = table.concat(words, " | "):gsub("approved; .*", "approved; SO ON")
  print("said: " .. text:gsub(arg[1]:gsub("%p", "%%%0"), "ID"))
end
local function try(f, ...)
  local ok, e = pcall(f, ...)
  say(ok, ok and "" or e.kind, ok and "" or e.message)
end

local placement = dps.create_placement { name = "Hero", channel = WEB, componentType = "imagelink" }
say(placement.id, placement.etag, placement.dry)
local receipt = dps.create_fallback(offer("First", placement))
local second = dps.create_fallback(offer("Second\nline", placement.id))
say(receipt.id, second.id, receipt.etag, receipt.dry)
local entity = dps.get_fallback(receipt)
say(entity.name, entity.id, entity.representations[1].placement, entity.dry)
local updated = dps.update_fallback(receipt.id, { { op = "replace", path = "/name", value = "Renamed" } })
say(updated.id, updated.etag, dps.get_fallback(receipt.id).name)
say(dps.delete_fallback(second))
try(dps.get_fallback, second)
try(dps.delete_fallback, second)
try(dps.get_placement, receipt.id)
try(dps.get_fallback, "dry:fallback:99")
try(dps.update_fallback, receipt, { { op = "remove", path = "/nothing" } })
try(dps.create_fallback, { name = "Third" })
say(dps.update_fallback(arg[1], { { op = "replace", path = "/name", value = "Not written" } }).dry)
say(dps.delete_fallback(arg[1]))
try(dps.get_fallback, arg[1])
for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
  local answer, status = dps.request { method = method, path = "/placements", body = { name = "x" } }
  say(method, answer.dry, status)
end
local page, status = dps.request { method = "GET", path = "/placements" }
say(status, page.count)
local task = dps.spawn(function() return dps.create_fallback(offer("In a task", placement)) end)
say(task:wait().id)
coroutine.wrap(function() say(dps.create_fallback(offer("In a coroutine", placement)).id) end)()
setmetatable({}, { __gc = function() dps.create_fallback(offer("In a finalizer", placement)) end })
collectgarbage()
LUA

wanted=$(cat <<'SAID'
dry:placement:1 | 1 | true
dry:fallback:1 | dry:fallback:2 | 1 | true
First | dry:fallback:1 | dry:placement:1 | true
dry:fallback:1 | 2 | Renamed
true
false | http | there is no fallback offer with the id dry:fallback:2: this dry run has deleted it
false | http | there is no fallback offer with the id dry:fallback:2: this dry run has deleted it
false | http | this dry run has written no placement with the id dry:fallback:1
false | http | this dry run has written no fallback offer with the id dry:fallback:99
false | invalid | there is nothing at '/nothing'
false | invalid | status: status is missing; write one of draft, approved; SO ON
true
true
false | http | there is no fallback offer with the id ID: this dry run has deleted it
POST | true | nil
PUT | true | nil
PATCH | true | nil
DELETE | true | nil
200 | 1
dry:fallback:3
dry:fallback:4
SAID
)
announced=$(cat <<'WOULD'
would create placement "Hero": POST /placements -> dry:placement:1
would create fallback offer "First": POST /offers?offer-type=fallback -> dry:fallback:1
would create fallback offer "Second?line": POST /offers?offer-type=fallback -> dry:fallback:2
would update fallback offer dry:fallback:1: PATCH /offers/dry:fallback:1?offer-type=fallback
would delete fallback offer dry:fallback:2: DELETE /offers/dry:fallback:2?offer-type=fallback
would update fallback offer ID: PATCH /offers/ID?offer-type=fallback
would delete fallback offer ID: DELETE /offers/ID?offer-type=fallback
would send POST /placements
would send PUT /placements
would send PATCH /placements
would send DELETE /placements
would create fallback offer "In a task": POST /offers?offer-type=fallback -> dry:fallback:3
would create fallback offer "In a coroutine": POST /offers?offer-type=fallback -> dry:fallback:4
would create fallback offer "In a finalizer": POST /offers?offer-type=fallback -> dry:fallback:5
WOULD
)

# --- against a library that can be asked afterwards ---

db=$scratch/a.db
start_library --db "$db"
must "dps serve starts" [ -n "$url" ]
point_at_library
cat >"$scratch/keep.lua" <<'LUA'
print(dps.create_fallback { name = "Kept", status = "draft", representations = { {
  channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "offerPlacement1234",
  components = { { type = "imagelink", format = "image/png", deliveryURL = "https://example.com/a.png" } } } } }.id)
LUA
run "$DPS" run "$scratch/keep.lua"
must "an offer is there before the dry run" [ "$code" = 0 ]
kept=$out
ask GET "/offers/$kept?offer-type=fallback"
before=$body

run "$DPS" run --dry-run --verbose "$scratch/writes.lua" "$kept"
must "the dry run succeeds" [ "$code" = 0 ]
must "its answers fit what would have been written" [ "$(sed -n 's/^said: //p' <<<"$out")" = "$wanted" ]
would=$(grep '^would ' <<<"$out" | sed -E "s/, [0-9]+ bytes//; s/$kept/ID/g")
must "each write is said in one line, in order" [ "$would" = "$announced" ]
must "nothing else is printed" [ "$(grep -cvE '^(would |said:)' <<<"$out")" = 0 ]
must "reads are sent" has "$err" 'GET /placements: 200'
must "only reads are sent" lacks "$(grep -v '^GET ' <<<"$err")" ': 2'
must "no request but a GET leaves" [ "$(grep -cvE '^(GET |dry run, sandbox [a-z]+: nothing is written$)' "$scratch/err")" = 0 ]
must "the library has one offer still" [ "$(count '/offers?offer-type=fallback')" = 1 ]
must "the library has one placement still" [ "$(count /placements)" = 1 ]
ask GET "/offers/$kept?offer-type=fallback"
must "the offer is as it was" [ "$body" = "$before" ]

# --- as lines for programs ---

run "$DPS" run --dry-run --json "$scratch/writes.lua" "$kept"
must "--json says as many writes" \
  [ "$(grep -c '"dry_run":true' <<<"$out")" = "$(wc -l <<<"$announced")" ]
cat >"$scratch/read.lua" <<'LUA'
local n = 0
for line in io.lines() do
  if not line:find "^said:" then
    local write = assert(require("dps.json").decode(line))
    assert(write.dry_run == true and write.verb and write.method and write.target)
    assert(write.verb ~= "create" or write.body.name == write.name and write.id)
    n = n + 1
  end
end
print(n)
LUA
must "each line is JSON with verb, method, target, name and body" \
  [ "$("$DPS" run "$scratch/read.lua" <"$scratch/out")" = "$(wc -l <<<"$announced")" ]
printf '%s\n' 'dps.request { method = "POST", path = "/tags", body = "\xff" }' 'local deep = {}' \
  'for _ = 1, 126 do deep = { deep } end' 'dps.request { method = "POST", path = "/tags", body = deep }' >"$scratch/odd.lua"
run "$DPS" run --dry-run --json "$scratch/odd.lua"
must "what no line can hold is told by its size" [ "$(grep -o '"bytes":[0-9]*' <<<"$out")" = $'"bytes":1' ]
must "each of them is a line of JSON" [ "$(grep -c '^{.*"dry_run":true.*}$' <<<"$out")" = 2 ]
printf '%s\n' 'local function try(...) local ok, e = pcall(dps.update_fallback, arg[1], { ... })' \
  'print("said:", ok, ok and "" or e.message) end' \
  'try { op = "copy", from = "/rank/priority", path = "/characteristics/rank" }' \
  'try { op = "add", path = "/description", value = "x", from = 5 }' \
  'try { op = "replace", path = "", value = false }' >"$scratch/hidden.lua"
run "$DPS" run --dry-run "$scratch/hidden.lua" "$kept"
must "a patch that reads a hidden field is not tried; a from that nobody reads is nothing" \
  [ "$(grep -c $'^said:\ttrue' <<<"$out")" = 2 ]
must "a patch that leaves no object is told" has "$out" $'said:\tfalse\tthe value must be a table'
cat >"$scratch/lists.lua" <<'LUA'
local function named(name)
  local found = {}
  for row in dps.list_placements { property = { { "name", "==", name } } } do
    found[#found + 1] = row.id
    row.name = "changed by the script"
  end
  return name .. "=" .. table.concat(found, ",")
end
local ids = {}
for i, name in ipairs { "A", "B", "A" } do
  ids[i] = dps.create_placement { name = name, componentType = "html",
    channel = "https://ns.adobe.com/xdm/channel-types/web" }.id
end
print("said:", named "A", named "B", named "A")
dps.update_placement(ids[1], { { op = "replace", path = "/name", value = "C" } })
dps.delete_placement(ids[2])
print("said:", named "A", named "B", named "C")
LUA
run "$DPS" run --dry-run "$scratch/lists.lua"
must "lists find what would have been written, by its name of the moment" [ "$(grep ^said: <<<"$out")" = \
  $'said:\tA=dry:placement:1,dry:placement:3\tB=dry:placement:2\tA=dry:placement:1,dry:placement:3
said:\tA=dry:placement:3\tB=\tC=dry:placement:1' ]
stop_library

# --- what it would have written, over what is there ---

start_library
must "dps serve starts again" [ -n "$url" ]
point_at_library

# The same script says the same in a dry run and in a real one.
cat >"$scratch/story.lua" <<'LUA'
local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local function say(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  print("said: " .. table.concat(words, " | "))
end
local function hero(text) return { name = "Hero", channel = WEB, componentType = "html", description = text } end
local function listed(property)
  local found = {}
  for row in dps.list_placements { property = property } do
    found[#found + 1] = row.name .. "=" .. tostring(row.description)
  end
  table.sort(found)
  return table.concat(found, ",")
end
local function failure(f, ...)
  local ok, e = pcall(f, ...)
  return ok, e.kind, e.status
end
local kept = dps.ref("placement", "Kept hero")
local there = dps.get_placement(kept)
-- an update, and back
say(dps.update_placement(there.id, { description = "b" }).unchanged, dps.get_placement(there.id).description)
say(dps.update_placement(there.id, { description = "b" }).unchanged)
say(dps.update_placement(there.id, { description = "a" }).unchanged, dps.get_placement(there.id).description)
say(dps.get_placement(there.id).etag - there.etag, dps.get_placement(there.id).created == there.created)
say(select(2, dps.ensure_placement { name = "Kept hero", channel = WEB, componentType = "html", description = "c" }))
say(select(2, dps.ensure_placement { name = "Kept hero", channel = WEB, componentType = "html", description = "c" }))
-- lists show it as it would be
say(listed { { "description", "==", "c" } }, listed { { "description", "==", "a" } })
say(listed { { "name", "~", "Kept.*" } }, listed { { "description", "!=", "c" }, { "description" } })
dps.update_placement(there.id, { name = "Renamed hero" })
say(listed { { "name", "==", "Kept hero" } }, listed { { "name", "==", "Renamed hero" } })
say(failure(dps.update_placement, there.id, { { op = "test", path = "/name", value = "Kept hero" } }))
-- a delete
say(dps.delete_placement(there.id), failure(dps.get_placement, there.id))
say(failure(dps.delete_placement, there.id))
say(failure(dps.update_placement, there.id, { description = "x" }))
say(listed { { "name", "~", ".*hero" } }, failure(dps.get_placement, dps.ref("placement", "Renamed hero")))
say(select(2, dps.ensure_placement { name = "Renamed hero", channel = WEB, componentType = "html" }))
-- a create
local receipt = dps.create_placement(hero "one")
say(dps.get_placement(receipt.id).description, select(2, dps.ensure_placement(hero "one")))
say(select(2, dps.ensure_placement(hero "two")), select(2, dps.ensure_placement(hero "two")))
say(dps.delete_placement(receipt.id), select(2, dps.ensure_placement(hero "three")))
-- what a script writes while it reads a list
local before, seen = 0, 0
for _ in dps.list_placements() do before = before + 1 end
for row in dps.list_placements() do
  seen = seen + 1
  dps.update_placement(row.id, { description = "seen" })
  if seen <= before then dps.create_placement { name = row.name .. " copy", channel = WEB, componentType = "html" } end
end
say(seen == before)
LUA
echo 'dps.create_placement { name = "Kept hero", componentType = "html", description = "a",
  channel = "https://ns.adobe.com/xdm/channel-types/web" }' >"$scratch/hero.lua"
run "$DPS" run "$scratch/hero.lua"
run "$DPS" run --dry-run "$scratch/story.lua"
must "the story of its writes comes to its end" [ "$code" = 0 ]
told=$(grep '^said: ' <<<"$out")
must "each update is said, to and fro" [ "$(grep -c '^would update placement "Kept hero"' <<<"$out")" = 4 ]
must "what is deleted is created anew" has "$out" 'would create placement "Renamed hero"'
must "nothing of it is written" [ "$(count '/placements?property=name==Kept%20hero')" = 1 ]
run "$DPS" run "$scratch/story.lua"
must "the real run comes to its end" [ "$code" = 0 ]
must "and the dry run told the truth (< is what it said)" \
  diff <(echo "$told") <(grep '^said: ' <<<"$out")
stop_library

# --- with the library in the same process ---

printf '%s\n' 'local n, m = 0, 0' 'for _ in dps.list_fallbacks() do n = n + 1 end' \
  'for _ in dps.list_placements() do m = m + 1 end' 'print(n, m)' >"$scratch/count.lua"
run "$DPS" run --local --local-db "$db" --dry-run "$scratch/writes.lua" "$kept"
must "the dry run succeeds with --local-db" [ "$code" = 0 ]
must "its answers are the same with --local-db" [ "$(sed -n 's/^said: //p' <<<"$out")" = "$wanted" ]
run "$DPS" run --local --local-db "$db" "$scratch/count.lua"
must "the database file has one offer and one placement still" [ "$out" = $'1\t1' ]
if type -P sqlite3 >/dev/null; then
  must "the database holds what it held (sqlite3)" \
    [ "$(sqlite3 "$db" 'SELECT count(*), sum(etag) FROM objects')" = '2|2' ]
fi

# --- ids of a dry run mean nothing elsewhere ---

printf '%s\n' 'local ok, e = pcall(dps.get_fallback, "dry:fallback:1")' 'print(ok, e.kind, e.message)' >"$scratch/after.lua"
run "$DPS" run --local --verbose "$scratch/after.lua"
must "without --dry-run such an id is refused" \
  [ "$out" = $'false\trefused\tdry:fallback:1 is the id of a dry run; nothing with that id exists' ]
must "without --dry-run such an id is not sent" lacks "$err" 'GET '
run "$DPS" run --dry-run "$scratch/keep.lua"
must "a dry run checks and says writes without reaching the service" \
  has "$out" 'would create fallback offer "Kept"'
must "a dry run that only writes needs no service" [ "$code" = 0 ]

# --- what an update by changed fields would change ---

cat >"$scratch/ensure.lua" <<'LUA'
local dps = require "dps"
local function offer(text)
  return {
    name = "Dry", status = "draft", description = text, rank = { priority = 1 },
    representations = { {
      channel = "https://ns.adobe.com/xdm/channel-types/web",
      placement = dps.ref("placement", "Sample placement"),
      components = { { type = "html", format = "text/html", content = text } },
    } },
  }
end
for _, text in ipairs { "one", "one", "two" } do
  print("said:", (select(2, dps.ensure_fallback(offer(text)))))
end
dps.update_fallback(dps.ref("fallback", "Dry"), { status = "approved", description = dps.null })
LUA
run "$DPS" run --local --dry-run "$scratch/ensure.lua"
must "ensure answers in a dry run as it would" [ "$(sed -n 's/^said:\t//p' <<<"$out" | tr '\n' ' ')" = \
  "created unchanged updated " ]
must "a dry run says its sandbox before all else" \
  [ "$(head -n 1 <<<"$err")" = "dry run, sandbox dev: nothing is written" ]
cat >"$scratch/two.lua" <<'LUA'
for _ in dps.list_tags() do end
dps.client { sandbox = "prod" }.create_tag { name = "T" }
LUA
run "$DPS" run --local --dry-run "$scratch/two.lua"
must "it does so at the first call, for each client" [ "$err" = \
  $'dry run, sandbox dev: nothing is written\ndry run, sandbox prod: nothing is written' ]
must "a write of another client names its sandbox" has "$out" 'would create tag "T" in sandbox prod: POST /tags'
run "$DPS" run --local --dry-run --json "$scratch/two.lua"
must "and so does its line of JSON" has "$out" '"sandbox":"prod"'
run "$DPS" run --local --dry-run "$scratch/ensure.lua"
must "what ensure could not compare is told once, in a dry run too" \
  [ "$(grep -c 'does not give back rank of fallback offers' <<<"$err")" = 1 ]
run "$DPS" check --local "$scratch/ensure.lua"
must "and by dps check" [ "$(grep -c 'does not give back rank of fallback offers' <<<"$err")" = 1 ]
run "$DPS" run --local --dry-run --json "$scratch/ensure.lua"
must "and as a line of JSON" \
  [ "$(grep -c '^{"warning":"the service does not give back rank .*"}$' <<<"$err")" = 1 ]
run "$DPS" run --local --dry-run "$scratch/ensure.lua"
must "a dry run says what would change, place by place" [ "$(grep '^  ' <<<"$out")" = \
'  description: "one" -> "two"
  representations[1].components[1].content: "one" -> "two"
  description: "two" -> nothing
  status: "draft" -> "approved"' ]

finish
