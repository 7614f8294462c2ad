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

# --- a credential of its own, beside one of the run's profile ---

ours=$scratch/ours.token
(umask 077 && echo of-ours >"$ours")
cat >"$scratch/config/dps/config.json" <<END
{"ours": {"sandbox": "dev", "ims_org": "OURS@AdobeOrg", "api_key": "ours", "access_token_file": "$ours",
          "base_url": "$url", "token_url": "${url%/data/core/dps}/ims/token/v3"}}
END
cat >"$scratch/mixed.lua" <<'END'
local dps = require "dps"
for _, profile in ipairs { false, "ours" } do
  local other = dps.client { credentials = arg[1], profile = profile or nil }
  print(other.get_tag(other.create_tag { name = "of " .. tostring(profile) }.id).createdBy)
end
END
run env -u DPS_ACCESS_TOKEN -u DPS_API_KEY -u DPS_IMS_ORG "$DPS" run --profile ours "$scratch/mixed.lua" "$scratch/other.json"
must "a credential that the script names goes alone, whatever a profile has" \
  [ "$(grep -c other-id "$scratch/out")" = 2 ]

# --- a host that only the script names ---

rm "$scratch/config/dps/config.json"
away=$url
start_library
point_at_library
cat >"$scratch/away.lua" <<'END'
local dps = require "dps"
local address, what = arg[1], arg[2]
local given = { base_url = address }
if what == "token" then given.access_token = dps.secret.from_env "DPS_SECRET_AWAY" end
if what == "token_url" then given = { token_url = address } end
if what == "secret" then given.client_secret = dps.secret.from_env "DPS_SECRET_AWAY" end
if what == "credential" then given.client_id = "x" end
print(dps.client(given).create_tag { name = what }.id)
END
for what in base_url token_url secret; do
  run env DPS_SECRET_AWAY=own "$DPS" run "$scratch/away.lua" "$away" "$what"
  must "the run's secrets do not go where only the script leads ($what)" [ "$code" = 2 ]
  must "and the host is named ($what)" has "$err" "do not name ${away%/data/core/dps}"
  must "with the script's line ($what)" has "$err" away.lua:8
  must "and what to do ($what)" has "$err" 'or in a profile'
done
run env DPS_SECRET_AWAY=own "$DPS" run "$scratch/away.lua" "$away" token
must "a token of the script's own goes there" has "$err" 'the access_token of dps.client) is missing, expired'
run env DPS_CLIENT_SECRET=ours "$DPS" run "$scratch/away.lua" "$away" credential
must "half a credential of the script's own is not completed by the run's" has "$err" 'no client secret for the client x'
run "$DPS" run "$scratch/away.lua" "$url/" base_url
must "the host of the settings may be written again" [ "$code" = 0 ]

finish
