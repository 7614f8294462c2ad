# Every request that Adobe's pages print for the thirteen resources, sent with curl as it is printed
# (ids put right), in the order in which they can follow each other, to a local library without any
# switch; the answers have the shapes that the pages show. Nothing of ours reads the answers: stock
# lua5.4 and cjson do.
. tests/support/cli.sh
. tests/support/serve.sh

samples=tests/golden/samples
headers+=(-H 'x-schema-id: https://ns.adobe.com/tenant/schemas/abc' -H 'Accept: *,application/json')
declare -A id=()

# members [JSON]: the names of an object's members in order, one line
cat >"$scratch/members.lua" <<'LUA'
local cjson, names = require "cjson", {}
local value = cjson.decode(io.read "a")
for step in (arg[1] or ""):gmatch "[^.]+" do value = value[tonumber(step) or step] end
for name in pairs(value) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))
LUA
cat >"$scratch/value.lua" <<'LUA'
local cjson = require "cjson"
local value = cjson.decode(io.read "a")
for step in arg[1]:gmatch "[^.]+" do
  value = type(value) == "table" and value[tonumber(step) or step]
end
print(type(value) == "table" and cjson.encode(value)
  or type(value) == "number" and ("%.14g"):format(value) or tostring(value))
LUA
members() { lua5.4 "$scratch/members.lua" "$@" <<<"$body"; }
value() { lua5.4 "$scratch/value.lua" "$1" <<<"$body"; }

# place RESOURCE: collection, and what every call on it carries
declare -A path=([fallback]=/offers [personalized]=/offers [placement]=/placements [tag]=/tags
  [collection]=/offer-collections [rule]=/offer-rules [decision]=/offer-decisions [item]=/offer-items
  [item_collection]=/item-collections [strategy]=/selection-strategies [eligibility_rule]=/offer-rules
  [formula]=/ranking-formulas [channel_placement]=/exd-placements)
declare -A extra=([fallback]='offer-type=fallback' [personalized]='offer-type=personalized')
one() { echo "${path[$1]}/${id[$1]}${extra[$1]:+?${extra[$1]}}"; }
all() { echo "${path[$1]}?${extra[$1]:+${extra[$1]}&}limit=2"; }

# right: the pages' ids for those that the library gave
right() {
  sed -e "s/offerPlacement5678/${id[placement]-}/" -e "s/fallbackOffer1234/${id[fallback]-}/" \
    -e "s/tag1234/${id[tag]-}/" -e "s/offerCollection1234/${id[collection]-}/" \
    -e "s/offerRule1234\|rule1234/${id[eligibility_rule]-}/" \
    -e "s/itemCollection1234/${id[item_collection]-}/" \
    -e "s/dps:exd-placement:[0-9a-f]*/${id[channel_placement]-}/"
}

receipt='createdBy createdByClientId createdDate etag id lastModifiedBy lastModifiedByClientId lastModifiedDate sandboxId'
envelope='created createdBy etag id lastModifiedBy modified'
order=(tag placement rule fallback personalized collection decision eligibility_rule item
  item_collection formula strategy channel_placement)

start_library
must 'the library starts' [ "$url" ]

for resource in "${order[@]}"; do
  IFS='|' read -r _ schema shown < <(grep "^$resource |" tests/vectors/published_shapes.txt)
  right <"$samples/create/$resource.json" >"$scratch/body.json"
  ask POST "${path[$resource]}${extra[$resource]:+?${extra[$resource]}}" -d @"$scratch/body.json"
  must "the page's create of a $resource is taken" [ "$status" = 201 ]
  must "its receipt has the page's members ($resource)" [ "$(members)" = "$receipt" ]
  id[$resource]=$(value id)
  must "the etag begins at 1 ($resource)" [ "$(value etag)" = 1 ]

  ask GET "$(one "$resource")"
  must "the look-up finds it ($resource)" [ "$status" = 200 ]
  schema=${schema// /} expected=$envelope
  [[ $schema = - ]] || expected+=' schemas'
  for member in $shown; do
    bare=${member//[()]/}
    [[ $bare = "$member" ]] || grep -q "^  \"$bare\"" "$scratch/body.json" || continue
    expected+=" $bare"
  done
  expected=$(tr ' ' '\n' <<<"$expected" | LC_ALL=C sort | paste -sd' ')
  must "the entity has the page's members ($resource): $expected" [ "$(members)" = "$expected" ]
  [[ $schema = - ]] || must "schemas is what the page says ($resource)" has "$(value schemas)" "$schema"
  must "the id is the receipt's ($resource)" [ "$(value id)" = "${id[$resource]}" ]

  ask GET "$(all "$resource")"
  must "the list has it ($resource)" has "$body" "${id[$resource]}"
  must "the list has the page's members ($resource)" [ "$(members)" = '_links count results total' ]
  must "its links are objects with href and type ($resource)" [ "$(members _links.self)" = 'href type' ]
done

# --- what the pages show beside that ---

ask GET "/offer-rules?property=exdRule%3D%3Dtrue&limit=2"
must 'the filter of the eligibility rules page finds one' [ "$(value total)" = 1 ]
must 'and it is the marked one' [ "$(value results.1.id)" = "${id[eligibility_rule]}" ]
ask GET "/ranking-formulas?property=exdFunction%3D%3Dtrue"
must 'the filter of the formulas page finds one' [ "$(value total)" = 1 ]
ask GET "/exd-placements"
must 'the bare list of placements links to itself as its page shows' \
  [ "$(value _links.self.href)" = '/exd-placements?orderby=-modified&limit=50' ]
ask GET "/exd-placements" -d '{"query":"","variables":{}}'
must 'a body on a GET, as on that page, does no harm' [ "$status" = 200 ]
filter="/offers?offer-type=fallback&property="
ask GET "${filter}name!=abc&property=id~.*${id[fallback]: -4}.*&property=description"
must 'the documented filter finds the offer' [ "$(value total)" = 1 ]
first=$(value results.1.id)
ask GET "${filter}name!=abc,id~.*${id[fallback]: -4}.*,description"
must 'and the form with commas finds the same' [ "$(value total) $(value results.1.id)" = "1 $first" ]
ask GET "/offers/${id[fallback]}?offer-type=fallback"
must 'what only the create sample of a fallback shows is not given back' lacks "$body" selectionConstraint
ask GET "$(one formula)"
must "the formula's return type is in capitals, as on its page" [ "$(value returnType.type)" = INTEGER ]
ask GET "$(one item)"
must 'an item has the id, the lists and the index of its page' [ \
  "$(value _experience.decisioning.decisionitem.itemID) $(value _experience.decisioning.offeritem.fCapConstraintsLastIndex)" = "${id[item]} 0" ]

# --- updates ---

patch='[{"op":"replace","path":"/name","value":"Updated"},{"op":"add","path":"/description","value":"Updated description"}]'
item_patch='[{"op":"replace","path":"/_experience/decisioning/decisionitem/itemName","value":"Updated"}]'
for resource in "${order[@]}"; do
  method=PATCH given=$patch
  [[ $resource != item ]] || given=$item_patch
  file=$samples/update/$resource.json
  if [[ -e $file ]]; then
    given=$(right <"$file")
    [[ $given = '['* ]] || method=PUT
  fi
  ask "$method" "$(one "$resource")" -d "$given"
  must "the page's $method of a $resource is taken" [ "$status" = 200 ]
  must "it returns a receipt with etag 2 ($resource)" [ "$(members) $(value etag)" = "$receipt 2" ]
done
ask GET "$(one fallback)"
must 'the fallback has its new name' [ "$(value name)" = 'Updated fallback offer' ]

# --- deletes, what refers first ---

for ((i = ${#order[@]} - 1; i >= 0; i--)); do
  resource=${order[i]}
  ask DELETE "$(one "$resource")"
  must "the delete of a $resource answers 200 with nothing" [ "$status-$body" = 200- ]
  ask GET "$(one "$resource")"
  must "and then it is not found ($resource)" [ "$status" = 404 ]
  must "in the shape of a problem ($resource)" [ "$(members)" = 'detail error-chain report status title type' ]
done
stop_library
finish
