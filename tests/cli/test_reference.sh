# The reference and the editors' annotations are as the descriptions make them.
source tests/support/cli.sh

run scripts/reference --check
must "lua/README.md and lua/types are up to date (scripts/reference writes them)" [ "$code" = 0 ]
run scripts/reference --nonsense
must "an unknown argument is a usage error" [ "$code" = 2 ]
must "each resource has its chapter" [ "$(grep -c '^### ' lua/README.md)" = "$(grep -lE '^  path =' lua/dps/resource/*.lua | wc -l)" ]
must "each operation is known to editors" [ "$(grep -ohE '@field (create|get|list|update|delete|ensure)_[a-z_]+' lua/types/*.lua | sort -u | wc -l)" = $((6 * $(grep -c '^### ' lua/README.md))) ]
must "links lead to chapters" [ -z "$(comm -23 <(grep -oE '\]\(#[a-z-]+' lua/README.md | cut -c4- | sort -u) <(sed -n 's/^### //p' lua/README.md | tr 'A-Z ' 'a-z-' | sort -u))" ]

finish
