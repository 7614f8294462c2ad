# A client of its own takes its settings from a profile, and goes before the environment there.
source tests/support/cli.sh
source tests/support/serve.sh

start_library
point_at_library
base=$url
mkdir -p "$scratch/config/dps"
cat >"$scratch/config/dps/config.json" <<END
{"stage": {"sandbox": "from-profile", "base_url": "$base"}, "broken": {"sandbx": "x"}}
END
export XDG_CONFIG_HOME=$scratch/config

cat >"$scratch/targets.lua" <<'END'
local dps = require "dps"
print(dps.client { profile = "stage" })
print(dps.client { profile = "stage", sandbox = "said" })
print(dps.client {})
dps.client { profile = "stage" }.create_tag { name = "x" }
print(pcall(dps.client, { profile = "broken" }))
print(pcall(dps.client, { profile = "stagee" }))
END
run "$DPS" run "$scratch/targets.lua"
must "the script runs" [ "$code" = 0 ]
must "a profile goes before the environment" [ "$(sed -n 1p "$scratch/out")" = "dps.client (sandbox from-profile at $base)" ]
must "an option goes before the profile" grep -q '^dps.client (sandbox said at' "$scratch/out"
must "without options it is dps itself" grep -q '^dps.client (sandbox dev at' "$scratch/out"
must "a wrong key of a profile is told" grep -q 'sandbx' "$scratch/out"
must "a profile that is not there is told with its neighbour" grep -q 'did you mean "stage"' "$scratch/out"

run "$DPS" run --dry-run "$scratch/targets.lua"
must "a dry run is dry on every client" grep -q 'would create tag "x"' "$scratch/out"

finish
