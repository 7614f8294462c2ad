# The examples of rows, ranks and representations: priorities from a spreadsheet, a banner in five
# languages.
source tests/support/cli.sh
tiers=examples/04_tiers_from_csv.lua banner=examples/05_five_languages.lua
db=$scratch/a.db

# --- 04_tiers_from_csv.lua ---

run "$DPS" run --local --local-db "$db" "$tiers"
must "04 succeeds" [ "$code" = 0 ]
must "04 explains each priority, best first" [ "$(head -n 6 <<<"$out")" = '2010  "Club evening": tier "gold" (1 of 3), margin 41
2000  "Winter coats": tier "gold" (1 of 3), margin 38
1010  "Linen, washed": tier "silver" (2 of 3), margin 22.5
1000  "Scented candles": tier "silver" (2 of 3), margin 22.5; equal to "Linen, washed", name decides
10  "Gift wrapping": tier "bronze" (3 of 3), margin 12
0  "Free delivery": tier "bronze" (3 of 3), margin 4.5' ]
must "04 creates an offer for each row" has "$err" '04_tiers_from_csv.csv: 6 rows: 6 created'

cat >"$scratch/list.lua" <<'LUA'
for offer in dps.list_personalized { order_by = "name" } do
  local one = offer.representations[1].components[1]
  print(offer.rank.priority, offer.name, one.format, offer.selectionConstraint.startDate)
end
LUA
run "$DPS" run --local --local-db "$db" "$scratch/list.lua"
must "the offers have those priorities, formats by extension, and dates in UTC" has "$out" \
  $'2010\tClub evening\timage/avif\t2026-11-30T23:00:00.000+00:00\n'

run "$DPS" run --local --local-db "$db" "$tiers"
must "run again, 04 changes nothing" has "$out" '6 of 6 offers keep their priority'
sed '/^Winter/s/38/45/; s/^Gift/Free samples,bronze,8,https:\/\/cdn.example\/s.png\nGift/' \
  examples/04_tiers_from_csv.csv >"$scratch/more.csv"
run "$DPS" run --local --local-db "$db" "$tiers" "$scratch/more.csv"
must "a new offer goes between, and one that moves is the only update" \
  has "$err" 'more.csv: 2 rows: 1 created, 1 updated'
must "and the others keep theirs" has "$out" '5 of 7 offers keep their priority'
sed 's/,silver/,sliver/' examples/04_tiers_from_csv.csv >"$scratch/bad.csv"
run "$DPS" run --local --local-db "$db" "$tiers" "$scratch/bad.csv"
must "a misspelled tier stops 04 before anything is sent" [ "$code" = 4 ]
must "and is placed" has "$err" 'bad.csv:4: tier: "sliver" is not one of gold, silver, bronze (did you mean "silver"?)'

# --- 05_five_languages.lua ---

run "$DPS" run --local --local-db "$db" "$banner"
must "05 succeeds" [ "$code" = 0 ]
must "05 has a component for each language" \
  [ "$(grep -oE '^[a-z]{2}-[a-z]{2}' <<<"$out" | tr '\n' ' ')" = 'de-de en-gb fr-fr it-it nl-nl ' ]
cat >"$scratch/show.lua" <<'LUA'
for offer in dps.list_fallbacks() do
  for _, one in ipairs(offer.representations[1].components) do
    if one.language[1] == "en-gb" then io.write(one.content) end
  end
end
LUA
run "$DPS" run --local --local-db "$db" "$scratch/show.lua"
must "the template is filled in, its loop and its escapes" [ "$out" = '<table role="presentation" width="600">
  <tr><td><h1>Free delivery</h1></td></tr>
  <tr><td>&#10003; from £45</td></tr>
  <tr><td>&#10003; within 48 hours</td></tr>
  <tr><td><a href="https://www.maison-lume.example/en-gb">See what&#39;s new</a></td></tr>
</table>' ]
mkdir "$scratch/copy"
cp "$banner" examples/05_banner.html "$scratch/copy"
sed -i 's/title = "Gratis-Versand", //' "$scratch/copy/05_five_languages.lua"
run "$DPS" run --local "$scratch/copy/05_five_languages.lua"
must "a text that is missing stops 05, with the template's line" has "$err" \
  '05_banner.html:2:15: {{title}} has no value'
must "and with the exit code of a wrong table" [ "$code" = 4 ]

finish
