# Settings of dps run: what is refused and how it is said, which one wins, and that the token stays
# out of sight.
source tests/support/cli.sh
source tests/support/serve.sh
here=$PWD token=k7Rz-secret-Pq93
cd "$scratch" || exit
printf '%s\n' '' 'dps.get_fallback "none"' >call.lua
export DPS_BASE_URL=http://127.0.0.1:1/base

# --- everything that is missing, at once ---

run "$DPS" run call.lua
must "without settings a call is refused" [ "$code" = 2 ]
must "the script's line is named" has "$err" 'call.lua:2: '
for line in 'sandbox: not set; set DPS_SANDBOX or give --sandbox NAME' 'ims_org: not set; set DPS_IMS_ORG' \
  'api_key: not set; set DPS_API_KEY' 'access_token: not set; set DPS_ACCESS_TOKEN'; do
  must "one message says: $line" has "$err" $'\n  '"$line"
done
must "it says how to try without an account" has "$err" 'run with --local'
printf '%s\n' 'print "fine"' >offline.lua
run "$DPS" run offline.lua
must "a script that calls nothing needs no settings" [ "$code$out$err" = 0fine ]

export DPS_IMS_ORG=o@AdobeOrg DPS_API_KEY=key DPS_ACCESS_TOKEN=$token
run "$DPS" run call.lua
must "no sandbox is refused, all else given" [ "$code" = 2 ]
must "only the sandbox is asked for" [ "$(grep -c 'not set' "$scratch/err")" = 1 ]
export DPS_SANDBOX=dev
run "$DPS" run call.lua
must "with all of them the call is made" has "$err" 'transport: Failed to connect'
must "a call that was made and failed ends with 1" [ "$code" = 1 ]

# --- values that are refused: nothing is sent ---

# refused VARIABLE VALUE WORDS
refused() {
  run env "$1=$2" "$DPS" run --verbose call.lua
  must "$1=$(printf %q "$2"): exit code 2" [ "$code" = 2 ]
  must "$1=$(printf %q "$2"): names the setting and says \"$3\"" grep -qE "$1.*$3" "$scratch/err"
  must "$1=$(printf %q "$2"): nothing is sent" lacks "$err" 'GET /'
}
for address in http://example.com http://10.0.0.1/x http://localhost.example.com http://127.0.0.1.example.com \
  http://127.1 http://0x7f000001 http://2130706433 'http://[::2]' http://0.0.0.0 'http://127.0.0.1@example.com'; do
  refused DPS_BASE_URL "$address" 'plain http|names a user'
done
refused DPS_BASE_URL ftp://example.com 'must begin with "https://"'
refused DPS_BASE_URL platform.adobe.io 'must begin with "https://"'
refused DPS_BASE_URL "https://me:$token@example.com" 'names a user'
refused DPS_BASE_URL 'https://example.com/?a=b' 'has a query'
refused DPS_BASE_URL $'https://example.com/\r\nX: y' 'a line break'
for variable in DPS_SANDBOX DPS_IMS_ORG DPS_API_KEY; do
  refused $variable $'a\r\nX-Evil: 1' 'a line break'
  refused $variable $'a\nX-Evil: 1' 'a line break'
  refused $variable $'a\tb' 'a control character'
  refused $variable $'caf\xc3\xa9' 'not ASCII'
  refused $variable ' dev' 'begins or ends with a blank'
done
for seconds in 0 -1 soon 1e99 nan inf; do
  refused DPS_TIMEOUT "$seconds" 'seconds'
  refused DPS_CONNECT_TIMEOUT "$seconds" 'seconds'
done
refused DPS_CLIENT_KEY /nowhere/key.pem 'without DPS_CLIENT_CERT'
run "$DPS" run --sandbox $'a\nX-Evil: 1' call.lua
must "a line break in --sandbox is refused" [ "$code" = 2 ]
must "a line break in --sandbox is named by its flag" has "$err" '--sandbox: "a?X-Evil: 1" has a line break'

for bad in $'to\nken' $'to\rken' 'to ken' "Bearer $token" $'caf\xc3\xa9'; do
  refused DPS_ACCESS_TOKEN "$bad" "can't be used"
  must "a bad token is not shown" lacks "$err" "$bad"
done
cat >inject.lua <<'LUA'
local function try(request) print(pcall(dps.request, request)) end
try { method = "GET", path = "/x", headers = { ["X-A"] = "a\r\nX-Evil: 1" } }
try { method = "GET", path = "/x", headers = { ["X-A: 1\r\nX-Evil"] = "1" } }
try { method = "GET", path = "/x", headers = { authorization = "Bearer mine" } }
try { method = "GET", path = "/x\r\nX-Evil: 1" }
try { method = "GET /x HTTP/1.1\r\nX-Evil: 1", path = "/x" }
try { method = "GET", path = "/../admin" }
LUA
run "$DPS" run --verbose inject.lua
must "each injection through dps.request is refused" [ "$(grep -c '^false.*request failed: invalid: ' "$scratch/out")" = 6 ]
must "no injection through dps.request is sent" [ -z "$err" ]

# --- the token stays out of sight ---

cat >look.lua <<'LUA'
local function show(value) print((tostring(value):gsub("\0", "\n"))) end
local function all(file) return file and file:read "a" or "" end
show(os.getenv "DPS_ACCESS_TOKEN")
show(all(io.open "/proc/self/environ"))
show(all(io.open "/proc/self/cmdline"))
show(all(io.popen "env; cat /proc/$PPID/environ"))
local function dump(value, seen)
  if type(value) ~= "table" or seen[value] then return show(value) end
  seen[value] = true
  for key, item in next, value do dump(key, seen) dump(item, seen) end
end
pcall(dps.get_fallback, "none")
dump(package.loaded, {})
dump(debug.getregistry(), {})
LUA
run "$DPS" run look.lua
must "a script can look around" [ "$code" = 0 -a "$(wc -l <"$scratch/out")" -gt 50 ]
must "a script, its children and /proc see no token" lacks "$out" "$token"
must "other settings are seen as ever" has "$out" DPS_API_KEY=key

start_library
must "dps serve starts" [ -n "$url" ]
printf '%s\n' 'error(tostring(dps.secret.from_env "DPS_ACCESS_TOKEN"))' >show.lua
printf '%s\n' 'dps.create_fallback { name = "Summer" }' >invalid.lua
printf '%s\n' 'local client = require("dps.client").default()' 'client:connect()' \
  'error(require("dps.json").encode(client.settings) or "x")' >client.lua
for base in "$url" http://127.0.0.1:1 https://127.0.0.1:1 "https://127.0.0.1:$port" http://example.com; do
  for option in --verbose --json --dry-run; do
    for file in call.lua show.lua invalid.lua client.lua; do
      run env DPS_BASE_URL="$base" "$DPS" run --verbose $option "$file"
      must "$base $option $file fails" [ "$code" -ne 0 ]
      must "$base $option $file shows no token" lacks "$out$err" "$token"
    done
  done
done

# --- flag over environment over profile ---

export DPS_BASE_URL=$url XDG_CONFIG_HOME=$scratch/config
mkdir -p config/dps
cat >config/dps/config.json <<JSON
{ "stage": { "sandbox": "of-profile", "ims_org": "p@AdobeOrg", "api_key": "profile-key", "base_url": "$url" },
  "leaky": { "sandbox": "dev", "access_token": "$token" },
  "typo": { "sandbx": "dev" } }
JSON
printf '%s\n' 'local _, e = pcall(dps.get_fallback, "none")' 'print(e.message:match "sandbox .([%w-]+)" or e)' >which.lua
# works_in SANDBOX WHAT COMMAND...
works_in() {
  local sandbox=$1 what=$2
  shift 2
  run "$@" which.lua
  must "$what" [ "$out" = "$sandbox" ]
}
works_in of-profile "a profile sets the sandbox" env -u DPS_SANDBOX "$DPS" run --profile stage
works_in of-profile "DPS_PROFILE names a profile" env -u DPS_SANDBOX DPS_PROFILE=stage "$DPS" run
works_in of-profile "a profile sets all but the token" \
  env -u DPS_SANDBOX -u DPS_IMS_ORG -u DPS_API_KEY -u DPS_BASE_URL "$DPS" run --profile stage
works_in of-env "the environment goes before the profile" env DPS_SANDBOX=of-env "$DPS" run --profile stage
works_in of-flag "the flag goes before both" env DPS_SANDBOX=of-env "$DPS" run --profile stage --sandbox of-flag
works_in of-profile "an empty variable is not set" env DPS_SANDBOX= "$DPS" run --profile stage
works_in of-flag "--local takes the flag's sandbox" env DPS_SANDBOX=of-env "$DPS" run --local --sandbox of-flag
works_in of-env "--local takes the environment's sandbox" env DPS_SANDBOX=of-env "$DPS" run --local
works_in dev "--local without a sandbox takes dev" env -u DPS_SANDBOX "$DPS" run --local
stop_library
works_in dev "--local goes by no proxy" env -u DPS_SANDBOX http_proxy=http://127.0.0.1:1 "$DPS" run --local
works_in dev "--local needs and uses nothing of Adobe's settings" \
  env -u DPS_SANDBOX -u DPS_IMS_ORG -u DPS_API_KEY -u DPS_ACCESS_TOKEN -u DPS_BASE_URL "$DPS" run --local

# profile NAME WORDS: is refused in these words
profile() {
  run "$DPS" run --profile "$1" call.lua
  must "profile $1 is refused" [ "$code" = 2 ]
  must "profile $1: says \"$2\"" has "$err" "$2"
  must "profile $1: no token is shown" lacks "$err" "$token"
}
profile stagee 'did you mean "stage"?'
profile typo 'unknown key "sandbx"; did you mean "sandbox"?'
profile leaky 'secrets do not belong in this file'
printf '{ "stage": { "sandbox": ' >config/dps/config.json
profile stage 'config/dps/config.json: '
rm config/dps/config.json
profile stage 'cannot read'

cd "$here" || exit
finish
