# The reference and the editors' annotations are as the descriptions make them.
source tests/support/cli.sh

run scripts/reference --check
must "lua/README.md, lua/reference and lua/types are up to date (scripts/reference writes them)" [ "$code" = 0 ]
run scripts/reference --nonsense
must "an unknown argument is a usage error" [ "$code" = 2 ]
must "each resource has its chapter" [ "$(grep -c '^### ' lua/README.md)" = "$(grep -lE '^  path =' lua/dps/resource/*.lua | wc -l)" ]
must "each operation is known to editors" [ "$(grep -ohE '@field (create|get|list|update|delete|ensure)_[a-z_]+' lua/types/*.lua | sort -u | wc -l)" = $((6 * $(grep -c '^### ' lua/README.md))) ]
must "links lead to chapters" [ -z "$(comm -23 <(grep -oE '\]\(#[a-z-]+' lua/README.md | cut -c4- | sort -u) <(sed -n 's/^### //p' lua/README.md | tr 'A-Z ' 'a-z-' | sort -u))" ]

# --- the pages beside it ---

named=$(grep -oE '\]\(reference/[a-z]+\.md' lua/README.md | cut -c3- | sort)
run diff <(printf '%s\n' "$named") <(cd lua && printf '%s\n' reference/*.md)
must "lua/README.md links to every page" [ "$code" = 0 ]
run diff <(grep -oE '\bDPS_[A-Z_]+' README.md | sort -u) \
  <(grep -oE '\bDPS_[A-Z_]+' lua/reference/settings.md | grep -v '^DPS_SECRET_$' | sort -u)
must "the settings are those that README names (< is README)" [ "$code" = 0 ]
run diff <("$DPS" check --rules | cut -d' ' -f1) \
  <(sed -n '/^## /q; s/^| `\([a-z-]*\)`.*/\1/p' lua/reference/check.md)
must "the rules are those of dps check --rules (< is the command)" [ "$code" = 0 ]

# --- what is public and says nothing of itself is told ---

mkdir -p "$scratch"/{copy/lua,copy/src,written/reference,written/types,examples}
cp -r scripts examples "$scratch/copy"
cp -r lua/dps "$scratch/copy/lua"
cp src/dps.h "$scratch/copy/src"
for file in scripts/reference.d/examples/*.lua; do
  : >"$scratch/examples/$(basename "${file%.lua}").txt"
done
generate() { run "$DPS" run "$scratch/copy/scripts/reference.d/main.lua" "$scratch/written" "$scratch/examples"; }
# without FILE PATTERN: the copy's FILE without the lines that match
without() { grep -v -- "$2" "lua/dps/$1" >"$scratch/copy/lua/dps/$1" && generate; }

generate
must "a copy of what is here is whole" [ "$code" = 0 ]
without rank.lua '^---@param tiers'
must "a parameter without a word is an error" [ "$code" = 1 ]
must "it names file, line and parameter" grep -qE 'lua/dps/rank.lua:[0-9]+: rank.by_tier: nothing says what tiers is' <<<"$err"
cp lua/dps/rank.lua "$scratch/copy/lua/dps/"
without rows.lua '^---'
must "a module without a word is an error" grep -q 'dps.rows has no class with prose' <<<"$err"
cp lua/dps/rows.lua "$scratch/copy/lua/dps/"
without json.lua '^---'
must "so is a class that others link to" grep -q 'dps.json' <<<"$err"
cp lua/dps/json.lua "$scratch/copy/lua/dps/"
without copy.lua '^---'
must "and a function of dps itself" grep -q 'dps.copy: no annotated function was found' <<<"$err"

finish
