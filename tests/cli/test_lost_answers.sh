# Exactly once, against a library whose answers get lost: what was carried out is found by its name,
# what was not is never taken for done, and nothing exists twice.
source tests/support/cli.sh
source tests/support/serve.sh

cat >"$scratch/ensure.lua" <<'LUA'
local dps = require "dps"
local offer, outcome = dps.ensure_fallback {
  name = "Summer, sale", status = "draft", description = arg[1],
  representations = { {
    channel = "https://ns.adobe.com/xdm/channel-types/web",
    placement = dps.ref("placement", "Sample placement"),
    components = { { type = "html", format = "text/html", content = "x" } },
  } },
}
print(outcome, offer.description)
LUA
ensure() { run "$DPS" run --quiet "$scratch/ensure.lua" "$@"; }
offers() { count '/offers?offer-type=fallback'; }

for fault in lost cut empty garbage; do
  start_library --fault "$fault method=POST path=/offers first=1" \
    --fault "$fault method=PATCH path=/offers first=1"
  point_at_library
  ensure one
  must "$fault: a create whose answer is lost is found" [ "$out" = $'created\tone' ]
  must "$fault: it succeeds" [ "$code" = 0 ]
  ensure two
  must "$fault: a change whose answer is lost is found" [ "$out" = $'updated\ttwo' ]
  ensure two
  must "$fault: after that there is nothing to do" [ "$out" = $'unchanged\ttwo' ]
  must "$fault: there is one offer" [ "$(offers)" = 1 ]
  stop_library
done

start_library --fault '503 method=POST path=/offers first=1'
point_at_library
ensure one
must "a create that failed is an error" [ "$code" = 1 ]
must "with the service's words" has "$err" 'HTTP status 503'
must "and there is none" [ "$(offers)" = 0 ]
ensure one
must "the next run creates it" [ "$out" = $'created\tone' ]
must "once" [ "$(offers)" = 1 ]

finish
