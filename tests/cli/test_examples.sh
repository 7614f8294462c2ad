# The examples do what they say: against dps run --local, against a library of its own with settings
# from the environment, and with a spreadsheet that has faults.
source tests/support/cli.sh
source tests/support/serve.sh
one=examples/01_create_fallback.lua many=examples/02_from_csv.lua table=examples/02_from_csv.csv
db=$scratch/a.db

count_of() { grep -c -- "$1" <<<"$2"; }
midnight() { date -u +%Y-%m-%dT00:00:00.000+00:00; }

# --- 01: one offer ---

run "$DPS" run --local --local-db "$db" --verbose "$one"
must "01 succeeds" [ "$code" = 0 ]
must "01 prints the new offer's id" has "$out" 'created dps:fallback-offer:'
must "01 reads the offer back" has "$out" 'read back: Test Fallback Offer DPS, approved'
must "the first run creates the placement" has "$err" 'POST /placements: 201'
first=$out
run "$DPS" run --local --local-db "$db" --verbose "$one"
must "01 succeeds a second time" [ "$code" = 0 ]
must "the second run finds the placement" lacks "$err" 'POST /placements'
must "the second run makes another offer" [ "$out" != "$first" ]

cat >"$scratch/list.lua" <<'LUA'
for offer in dps.list_fallbacks() do print(offer.id, offer.name, offer.representations[1].placement) end
for placement in dps.list_placements() do print(placement.id, placement.name) end
LUA
run "$DPS" run --local --local-db "$db" "$scratch/list.lua"
must "two runs on one database leave two offers" [ "$(count_of '^dps:fallback-offer:' "$out")" = 2 ]
must "two runs on one database leave one placement of that name" [ "$(count_of 'Homepage hero$' "$out")" = 1 ]
must "both offers are for that placement" [ "$(count_of $'DPS\tdps:offer-placement:' "$out")" = 2 ]

before=$(midnight)
run "$DPS" run --local --dry-run --json "$one"
after=$(midnight)
must "a dry run of 01 succeeds" [ "$code" = 0 ]
must "a dry run of 01 gives a dry id" has "$out" 'created dry:fallback:1'
must "a dry run announces the placement and the offer" [ "$(count_of '"dry_run":true' "$out")" = 2 ]
start=$(grep -oE '"startDate":"[^"]*"' <<<"$out" | cut -d'"' -f4)
must "the offer starts today at midnight UTC" [ "$start" = "$before" -o "$start" = "$after" ]
must "the offer ends 30 days later" has "$out" \
  "\"endDate\":\"$(date -u -d "${start%%.*}Z + 30 days" +%Y-%m-%dT00:00:00.000+00:00)\""
must "the rank is a whole number" has "$out" '"rank":{"priority":1}'

# --- 01 against a library of its own ---

start_library --db "$scratch/served.db"
must "dps serve starts" [ -n "$url" ]
point_at_library
run "$DPS" run "$one"
must "01 succeeds with settings from the environment" [ "$code" = 0 ]
id=$(grep -oE 'dps:fallback-offer:[0-9a-f]{16}' <<<"$out")
ask GET "/offers/$id?offer-type=fallback"
must "curl finds the offer" [ "$status" = 200 ]
for field in "\"id\":\"$id\"" '"name":"Test Fallback Offer DPS"' '"status":"approved"' '"etag":1' \
  '"description":"Fallback Offer description"' '"deliveryURL":"https://mysite.com"' \
  '"type":"imagelink"' '"format":"image/png"' '"placement":"dps:offer-placement:' \
  '"channel":"https://ns.adobe.com/xdm/channel-types/web"' '"created":"20' '"modified":"20' \
  '"createdBy":"' '"lastModifiedBy":"' \
  '"schemas":["https://ns.adobe.com/experience/offer-management/fallback-offer;version='; do
  must "the offer has the documented $field" has "$body" "$field"
done
for field in selectionConstraint rank sandboxId createdDate; do
  must "the offer has no $field, as documented" lacks "$body" "\"$field\""
done
ask GET "/offers?offer-type=fallback"
must "curl finds the offer in the list" has "$body" "\"id\":\"$id\""
stop_library

# --- 02: a spreadsheet ---

# A record ends where the number of quotes so far is even.
records=$(awk '{ quotes += gsub(/"/, "") } quotes % 2 == 0 { n++ } END { print n - 1 }' "$table")
must "the spreadsheet has a few hundred rows ($records)" [ "$records" -ge 200 ]

start_library --empty
must "dps serve --empty starts" [ -n "$url" ]
point_at_library
run "$DPS" run "$many"
must "02 succeeds" [ "$code" = 0 ]
must "02 creates an offer for each of the $records rows" [ "$out" = "$records offers created, 0 existed already, 0 failed, 0 unknown" ]

target="/offers?offer-type=fallback&limit=50" pages=0
while [[ $target ]] && ((pages < 50)); do
  ask GET "$target"
  pages=$((pages + 1))
  must "page $pages of the list comes" [ "$status" = 200 ]
  grep -oE '"name":"(\\.|[^"\\])*"' <<<"$body" >>"$scratch/names"
  target=$(sed -nE 's/.*"next":\{"href":"([^"]*)".*/\1/p' <<<"$body")
done
must "the list has several pages ($pages)" [ "$pages" -ge 4 ]
must "all $records offers are in the list" [ "$(wc -l <"$scratch/names")" = "$records" ]
must "all offers have names of their own" [ "$(sort -u "$scratch/names" | wc -l)" = "$records" ]
must "each placement was created once" \
  [ "$(count /placements)" = "$(ask GET /placements && grep -oE '"name":"[^"]*"' <<<"$body" | sort -u | wc -l)" ]
must "an offer's e-mail markup came through its quotes and line ends" \
  has "$(ask GET '/offers?offer-type=fallback&limit=1000' && echo "$body")" '<table role=\"presentation\" width=\"600\">\n'

# --- 02 with faults: the lines are named, the other rows go on ---

bad=$scratch/bad.csv
awk 'NR == 4 { sub(/2026-01-05T/, "2026-13-05T") } NR == 5 { sub(/approved$/, "aproved") }
  NR == 6 { sub(/^[^,]*/, "") } { sub(/^Free/, "Faulty") } NR <= 9' "$table" >"$bad"
before=$(count '/offers?offer-type=fallback')
run "$DPS" run "$many" "$bad"
must "faulty rows make the exit code 3" [ "$code" = 3 ]
must "the good rows are counted" has "$out" $'\n5 offers created, 0 existed already, 3 failed'
must "exactly the faulty lines are listed" \
  [ "$(grep -oE '^.*/bad\.csv:[0-9]+' <<<"$out")" = "$(printf '%s\n' "$bad:4" "$bad:5" "$bad:6")" ]
must "the bad date is explained" has "$out" 'selectionConstraint.startDate: startDate "2026-13-05'
must "the unknown status is explained" has "$out" 'did you mean "approved"?'
must "the missing name is explained" has "$out" 'name: name is blank'
must "the good rows are there" [ "$(count '/offers?offer-type=fallback')" = $((before + 5)) ]

awk 'NR == 2 { sub(/Homepage hero,web,imagelink/, "New place,web,imagelnk") } NR <= 4' "$table" >"$bad"
run "$DPS" run --local "$many" "$bad"
must "a placement that can't be created fails its row alone" \
  [ "$code" = 3 -a "$(tail -n 1 <<<"$out")" = '2 offers created, 0 existed already, 1 failed, 0 unknown' ]
must "that row is listed by its line too" has "$out" "$bad:2: Free delivery"
must "that row's fault is explained" has "$out" 'componentType "imagelnk" is unknown (did you mean "imagelink"?'

# --- 02 with a file that can't be read: nothing is sent ---

before=$(count '/offers?offer-type=fallback')
{ head -n 8 "$table" && printf '"Free delivery,never closed\n'; } >"$scratch/quote.csv"
run "$DPS" run --verbose "$many" "$scratch/quote.csv"
must "an unclosed quote fails" [ "$code" = 4 ]
must "an unclosed quote is placed by file, line and column" has "$err" "$scratch/quote.csv:9:1: "
must "an unclosed quote sends nothing" lacks "$err" 'POST '
run "$DPS" run --verbose "$many" "$scratch/none.csv"
must "a missing file fails" [ "$code" -ne 0 ]
must "a missing file is named" has "$err" "$scratch/none.csv: No such file"
must "a missing file sends nothing" lacks "$err" 'POST '
must "a file that can't be read leaves no offer" [ "$(count '/offers?offer-type=fallback')" = "$before" ]

run "$DPS" run "$many"
must "run again, 02 creates nothing" has "$out" "0 offers created, $records existed already, 0 failed"
must "and nothing is doubled" [ "$(count '/offers?offer-type=fallback')" = "$before" ]
run "$DPS" run "$many" <(sed 's/end_date/enddate/' "$table")
must "a misspelled column sends nothing" [ "$code" = 4 ]
must "a misspelled column is named" has "$err" 'unknown column "enddate" (did you mean "end_date"?)'
run "$DPS" run "$many" <(tr , ';' <"$table")
must "semicolons are recognised" has "$err" 'is the separator ";"?'
run "$DPS" run --sandbox other --dry-run "$many"
must "a dry run of 02 succeeds" [ "$code" = 0 ]
must "a dry run of 02 says each offer" [ "$(count_of '^would create fallback offer ' "$out")" = "$records" ]
must "a dry run of 02 writes nothing" [ "$(count '/offers?offer-type=fallback')" = "$before" ]
stop_library

# --- every example is tried here, and opens with what it shows ---

for file in examples/*.lua; do
  must "$file is tried by a test" grep -qF "$file" tests/cli/test_example*.sh
  must "$file opens with two lines of what it shows" [ "$(head -n 2 "$file" | grep -c '^-- ')" = 2 ]
done

finish
