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

# --- a credential of its own, beside one of the environment ---

cat >"$scratch/other.json" <<'END'
{"CLIENT_ID": "other-id", "CLIENT_SECRETS": ["other-secret"], "ORG_ID": "OTHER@AdobeOrg"}
END
chmod 600 "$scratch/other.json"
start_library --auth strict --credentials "$scratch/other.json"
cat >"$scratch/config/dps/config.json" <<END
{"other": {"sandbox": "dev", "base_url": "$url", "credentials": "$scratch/other.json", "token_url": "${url%/data/core/dps}/ims/token/v3"}}
END
cat >"$scratch/other.lua" <<'END'
local dps = require "dps"
local other = dps.client { profile = "other" }
print(other.get_tag(other.create_tag { name = "theirs" }.id).createdBy)
dps.create_tag { name = "ours" }
END
run env DPS_ACCESS_TOKEN=of-ours DPS_API_KEY=ours DPS_IMS_ORG=OURS@AdobeOrg DPS_CLIENT_SECRET=wrong \
  "$DPS" run "$scratch/other.lua"
must "a client with a credential of its own uses nothing of the environment's" has "$out" other-id
must "and dps itself goes on with the environment's" [ "$code" = 0 ]

finish
