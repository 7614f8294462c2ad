# What a script's author reads about each bad table: every message is in tests/golden/bad_tables.txt.
# After a change on purpose: build/dps run --local tests/golden/bad_tables.lua >tests/golden/bad_tables.txt
source tests/support/cli.sh
golden=tests/golden/bad_tables

run "$DPS" run --local --verbose "$golden.lua"
must "every bad table is refused as invalid" [ "$code" = 0 ]
must "none of them is sent" [ "$(grep -cvE '^local Offer Library at ' "$scratch/err")" = 0 ]
cp "$scratch/out" "$scratch/said"
must "all of them are tried" [ "$(grep -c '^# ' "$scratch/said")" -ge 80 ]

run diff "$golden.txt" "$scratch/said"
must "each message is as agreed (> is what is said now)" [ "$code" = 0 ]

# A message that only points at a fault leaves its reader alone.
silent=$(awk '/^# / { if (title != "" && !n) print title; title = $0; n = 0; next }
  { n++ } END { if (!n) print title }' "$golden.txt")
must "every bad table has a problem that is told" [ -z "$silent" ]
must "a problem has a path and words" [ "$(grep -cvE '^(# .+|[A-Za-z[][^ ]*: .{10,})$' "$golden.txt")" = 0 ]
must "no message is longer than a person reads" [ "$(awk 'length > 200' "$golden.txt" | wc -l)" = 0 ]

finish
