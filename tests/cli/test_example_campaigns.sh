# The whole campaigns among the examples: built from nothing, left alone the second time, mended
# where somebody changed them, torn down in reverse, and tried dry.
source tests/support/cli.sh
source tests/support/serve.sh

outcomes() { cut -f1 <<<"$out" | sort | uniq -c | tr -s ' \n' ' ' | sed 's/^ //; s/ $//'; }
first_words() { sed -nE "s/^([^\t]+)\t([a-z_]+)\t.*/\2/p" <<<"$out" | tr '\n' ' '; }

# campaign SCRIPT PARTS KINDS
campaign() {
  local script=$1 parts=$2 kinds=$3 db=$scratch/${1##*/}.db built
  run "$DPS" run --local --local-db "$db" --dry-run "$script"
  must "$1: a dry run succeeds" [ "$code" = 0 ]
  must "$1: a dry run would create every part" [ "$(grep -c '^would create ' <<<"$out")" = "$parts" ]
  run "$DPS" run --local --local-db "$db" "$script"
  must "$1: it is built from nothing" [ "$(outcomes)" = "$parts created" ]
  must "$1: in the order in which its parts need each other" [ "$(first_words)" = "$kinds " ]
  built=$(cut -f3,4 <<<"$out")
  run "$DPS" run --local --local-db "$db" --verbose "$script"
  must "$1: a second run changes nothing" [ "$(outcomes)" = "$parts unchanged" ]
  must "$1: a second run writes nothing" lacks "$err" POST
  must "$1: a second run finds the same objects" [ "$(cut -f3,4 <<<"$out")" = "$built" ]
  run "$DPS" run --local --local-db "$db" "$script" down
  must "$1: it is torn down" [ "$(outcomes)" = "$parts deleted" ]
  must "$1: in reverse" [ "$(first_words)" = "$(tac <<<"${kinds// /$'\n'}" | tr '\n' ' ')" ]
  run "$DPS" run --local --local-db "$db" "$script" down
  must "$1: what is gone is said to be gone" [ "$(outcomes)" = "$parts not there" ]
}

campaign examples/06_campaign.lua 9 \
  'tag placement placement rule personalized personalized fallback collection decision'
campaign examples/07_decisioning.lua 7 \
  'channel_placement eligibility_rule item item item_collection formula strategy'

# --- somebody changes a part ---

start_library
point_at_library
export DPS_ITEM_SCHEMA=https://ns.adobe.com/acme/schemas/1
run "$DPS" run examples/06_campaign.lua
must "the campaign is built in a library of its own" [ "$code" = 0 ]
id=$(grep -F 'Summer: ice cream' <<<"$out" | cut -f4)
ask PATCH "/offers/$id?offer-type=personalized" -d '[{"op":"replace","path":"/rank/priority","value":99}]'
must "somebody changes a rank" [ "$status" = 200 ]
run "$DPS" run --verbose examples/06_campaign.lua
must "only that part is mended" [ "$(outcomes)" = "8 unchanged 1 updated" ]
must "with one write" [ "$(grep -cE '^(POST|PATCH|PUT|DELETE) ' <<<"$err")" = 1 ]
ask GET "/offers/$id?offer-type=personalized"
must "the rank is as it was" has "$body" '"rank":{"priority":10}'

run "$DPS" run examples/07_decisioning.lua
must "both campaigns stand beside each other" [ "$code" = 0 ]
unset DPS_ITEM_SCHEMA
run "$DPS" run examples/07_decisioning.lua down
must "without the items' schema a call for an item is refused" [ "$code" != 0 ]
must "and told what to set" has "$err" DPS_ITEM_SCHEMA

finish
