# dps.each on the command line: the exit code, what is said on stderr, --quiet and --json.
source tests/support/cli.sh
source tests/support/serve.sh

cat >"$scratch/rows.csv" <<'CSV'
name,n
one,1
two,2
three,x
CSV
cat >"$scratch/each.lua" <<'LUA'
local rows = dps.rows.from(arg[1], { columns = { name = "text", n = "integer" } })
local result = dps.each(rows, function(row)
  if row.n == 2 then error("not two", 0) end
  return "id" .. row.n, "created"
end, { out = arg[2] })
print(result.total, result.failed)
LUA
run "$DPS" run "$scratch/each.lua" "$scratch/rows.csv" "$scratch/out.csv"
must "failed rows make the exit code 3" [ "$code" = 3 ]
must "the script goes on after them" [ "$out" = $'3\t2' ]
must "failures and the summary are told, with file and line" [ "$err" = "$scratch/rows.csv:3: two: failed: not two
$scratch/rows.csv:4: three: failed: n: \"x\" is no whole number
$scratch/rows.csv: 3 rows: 1 created, 2 failed
what to do: $scratch/out.csv has all rows and what became of them: correct those that failed, then run the script again with it in their place, and what is done is skipped" ]
must "the result has the same rows and what became of them" [ "$(<"$scratch/out.csv")" = 'name,n,dps_status,dps_id,dps_error
one,1,created,id1,
two,2,failed,,not two
three,x,failed,,"'"$scratch/rows.csv:4: n: \"\"x\"\" is no whole number"'"' ]

run "$DPS" run --quiet "$scratch/each.lua" "$scratch/rows.csv" "$scratch/out.csv"
must "quiet leaves out the summary, and what to do after it" [ "$(wc -l <<<"$err")" = 2 ]
run "$DPS" run --json "$scratch/each.lua" "$scratch/rows.csv" "$scratch/out.jsonl"
must "with --json each failure is a line" has "$err" '"kind":"invalid","line":4,"name":"three"'
must "and so is the summary" has "$err" '{"rows":{"counts":{"created":1,"failed":2}'
must "every line is JSON" [ "$(json_lines "$scratch/err")" = 3 ]
must "JSON Lines come out by the file's name" has "$(<"$scratch/out.jsonl")" '{"dps_id":"id1","dps_status":"created","n":1,"name":"one"}'

sed -i 's/ or "x"//; s/,x$/,3/; s/,2$/,4/' "$scratch/rows.csv"
run "$DPS" run "$scratch/each.lua" "$scratch/rows.csv" "$scratch/out.csv"
must "when all rows are done the exit code is 0" [ "$code" = 0 ]
must "and there is nothing to do" lacks "$err" "what to do"
echo 'dps.each({ 1 }, error) error("after", 0)' >"$scratch/worse.lua"
run "$DPS" run "$scratch/worse.lua"
must "an error that ends the script counts more than failed rows" [ "$code" = 1 ]
run "$DPS" run "$scratch/each.lua" "$scratch/rows.csv" /nowhere/out.csv
must "a result that can't be written ends the run" [ "$code" = 2 ]
must "and says why" has "$err" "/nowhere/out.csv: No such file or directory, so it can't be written"
must "before any row is sent" lacks "$err" "rows"

# --- a dry run writes no results ---

echo "as it was" >"$scratch/kept.csv"
for command in "run --dry-run" check; do
  run "$DPS" $command "$scratch/each.lua" "$scratch/rows.csv" "$scratch/kept.csv"
  must "$command leaves the file alone" [ "$(<"$scratch/kept.csv")" = "as it was" ]
  must "$command says so" has "$err" "dry run: $scratch/kept.csv is left as it is"
  run "$DPS" $command "$scratch/each.lua" "$scratch/rows.csv" "$scratch/new.csv"
  must "$command makes no file" [ ! -e "$scratch/new.csv" ]
  run "$DPS" $command "$scratch/each.lua" "$scratch/rows.csv" "$scratch/rows.csv"
  must "$command refuses the input as a real run does" has "$err" "out is the file that the rows come from"
  run "$DPS" $command --quiet "$scratch/each.lua" "$scratch/rows.csv" "$scratch/new.csv"
  must "$command --quiet says nothing" lacks "$err" "is left as it is"
done

# --- too many at once ---

start_library --fault '429 first=3 retry-after=7'
must "dps serve starts" [ -n "$url" ]
point_at_library
cat >"$scratch/many.lua" <<'LUA'
dps.each({ 1, 2, 3, 4, 5 }, function(i) return dps.create_tag { name = "t" .. i } end, { at_once = 8 })
LUA
run "$DPS" run "$scratch/many.lua"
must "rows that are turned away fail" has "$err" 'rows: 5 rows: 2 done, 3 failed'
must "and how to avoid that is said once, with the option" [ "$(grep '^what to do' <<<"$err")" = \
  'what to do: 3 rows were turned away because too many calls came at once (429): wait a little, and let fewer be on their way, { at_once = 2 }' ]
stop_library
start_library --fault '429 first=1 retry-after=7'
point_at_library
run "$DPS" run <(echo 'dps.create_tag { name = "t" }')
must "without rows the error says how long to wait, and names the option" has "$err" \
  'the service wants 7 s of rest; then run what is left with fewer in flight (a smaller at_once of dps.each)'
stop_library

finish
