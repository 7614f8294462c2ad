# Credentials from end to end: README's way against Adobe, played against a local library that takes
# only its own tokens, with each thing that can be wrong with a credential.
source tests/support/cli.sh
source tests/support/serve.sh
here=$PWD secret='p8e-s3cr3t+/=&0123'
credential() {
  printf '{ "ORG_ID": "1@AdobeOrg", "CLIENT_ID": "cid", "CLIENT_SECRETS": ["%s"], "SCOPES": ["openid", "AdobeID"] }' "$1"
}
cd "$scratch" || exit
credential "$secret" >credentials.json
chmod 600 credentials.json
awk '/^-- campaign.lua$/ { on = 1 } /^```/ { on = 0 } on' "$here/README.md" >campaign.lua

# --- what README says ---

start_library --auth strict --credentials credentials.json --token-lifetime 3600
must 'dps serve starts with a credential' [ -n "$url" ]
must 'and says where its tokens come from' has "$err" "DPS_TOKEN_URL=http://127.0.0.1:$port/ims/token/v3"
awk '/^## Against Adobe/ { here = 1 } here && /^```sh/ { on = 1; next } /^```/ { on = 0 } on' "$here/README.md" >block.sh
must 'README has a block of commands against Adobe' grep -q 'build/dps run' block.sh
sed -i "s|build/dps|\"$DPS\"|" block.sh
issuer=${url%/data/*}/ims/token/v3
export DPS_BASE_URL=$url DPS_TOKEN_URL=$issuer
run bash -e block.sh
must "README's commands work against a library that checks tokens" [ "$code" = 0 ]
must 'the dry run writes nothing and the run creates' has "$out" $'dry:fallback:1\ncreated dps:fallback-offer:'

# --- verbose: who was asked for what ---

export DPS_CREDENTIALS=credentials.json DPS_SANDBOX=dev
run "$DPS" run --verbose campaign.lua
must 'the request for a token is traced, without what it says' has "$err" "POST $issuer: 200, good for 3600 s"
must 'no secret is in the trace' lacks "$out$err" "$secret"
cache=$scratch/tokens
for n in 1 2; do run env DPS_TOKEN_CACHE="$cache" "$DPS" run --verbose campaign.lua; done
must 'a second run finds the token in the cache' has "$err" 'found in the token cache'
must 'the cache is its owner'\''s alone' [ "$(stat -c %a "$cache")" = 600 ]
for n in 1 2 3 4 5 6; do
  DPS_TOKEN_CACHE=$scratch/fresh "$DPS" run --verbose campaign.lua >/dev/null 2>"err.$n" &
  pids[n]=$!
done
wait "${pids[@]}"
must 'six processes at once ask for one token' [ "$(cat err.* | grep -c "POST $issuer: 200")" = 1 ]
must 'and the others find it' [ "$(cat err.* | grep -c 'found in the token cache')" = 5 ]

# --- what can be wrong ---

# fails CODE WORDS HINT COMMAND...
fails() {
  local wanted=$1 words=$2 hint=$3
  shift 3
  run "$@" "$DPS" run campaign.lua
  must "exit code $wanted: $words" [ "$code" = "$wanted" ]
  must "it says: $words" has "$err" "$words"
  must "it advises: $hint" has "$err" "$hint"
  must "no secret is shown: $words" lacks "$out$err" "$secret"
}
fails 1 'invalid_client: invalid client_secret parameter' 'the client secret is wrong' env DPS_CLIENT_SECRET=wrong
fails 1 'invalid_client: invalid client_id parameter' 'the client id is unknown' env DPS_CLIENT_ID=who
fails 1 'invalid_scope' 'DPS_SCOPES' env DPS_SCOPES=openid,more
fails 1 "can't be reached" 'DPS_TOKEN_URL' env DPS_TOKEN_URL=http://127.0.0.1:1/x
fails 1 '401013' 'DPS_CREDENTIALS dps gets and renews' env DPS_ACCESS_TOKEN=not-one-of-yours DPS_API_KEY=cid DPS_IMS_ORG=o
fails 1 '401013' 'DPS_CREDENTIALS dps gets and renews' env DPS_ACCESS_TOKEN=not-one-of-yours
must 'beside a token the credential says organisation and key' lacks "$err" 'not set'
fails 1 '403003' 'DPS_API_KEY' env DPS_API_KEY=another
fails 2 'uses plain http' 'change the setting' env DPS_TOKEN_URL=http://example.com/ims
credential "$secret" >open.json
chmod 644 open.json
fails 2 'open.json: everybody can read it (mode 0644); run chmod 600' 'mend that file' env DPS_CREDENTIALS=open.json
fails 2 'none.json: No such file' 'mend that file' env DPS_CREDENTIALS=none.json
printf '{"API_KEY":"cid","CLIENT_SECRET":"%s","PRIVATE_KEY":"x"}' "$secret" >jwt.json
chmod 600 jwt.json
fails 2 'service account (JWT) flow, which Adobe has ended' 'OAuth Server-to-Server' env DPS_CREDENTIALS=jwt.json
fails 2 'DPS_CLIENT_SECRET_COMMAND: holds "|"' 'change the setting' env DPS_CLIENT_SECRET_COMMAND='pass show x | head -1'
fails 2 'the command sh ended with exit code 3' 'mend what is named' env DPS_CLIENT_SECRET_COMMAND="sh -c 'exit 3'"
run env DPS_CLIENT_SECRET_COMMAND="printf %s '$secret'" "$DPS" run campaign.lua
must 'a command gives the client secret' [ "$code" = 0 ]

# --- expiry, and a library that forgets ---

stop_library
chmod 640 credentials.json
start_library --auth strict --credentials credentials.json --token-lifetime 1
must 'a file that became readable by all is refused' [ -z "$url" ]
chmod 600 credentials.json
start_library --auth strict --credentials credentials.json --token-lifetime 1
export DPS_BASE_URL=$url DPS_TOKEN_URL=${url%/data/*}/ims/token/v3
cat >slow.lua <<'LUA'
for i = 1, 4 do dps.create_placement { name = "p" .. i, channel = "https://ns.adobe.com/xdm/channel-types/web",
  componentType = "html" } dps.sleep(0.5) end
LUA
run "$DPS" run --verbose slow.lua
must 'a run outlives its tokens' [ "$code" = 0 ]
must 'tokens are renewed before the service refuses them' lacks "$err" ' 401'
must 'more than one token was needed' [ "$(grep -c 'good for 1 s' "$scratch/err")" -ge 2 ]
token=$(curl -sS --noproxy '*' -d grant_type=client_credentials -d client_id=cid --data-urlencode "client_secret=$secret" \
  "$DPS_TOKEN_URL" | sed -E 's/.*"access_token":"([^"]+)".*/\1/')
must 'curl gets a token as well' [ ${#token} -ge 40 ]
headers[1]="Authorization: Bearer $token" headers[3]='x-api-key: cid'
ask GET '/placements'
must 'its token is good' [ "$status" = 200 ]
sleep 1.1
ask GET '/placements'
must 'a token that expired is refused as documented' [ "$status/$body" = '401/{"error_code":"401013","message":"Oauth token is not valid"}' ]

# --- the endpoint by itself ---

# asks STATUS ERROR CURL-ARGS
asks() {
  local wanted=$1 error=$2
  shift 2
  body=$(curl -sS --noproxy '*' -w '\n%{http_code}' "$@" "$DPS_TOKEN_URL")
  out=$body
  must "$error is $wanted" [ "${body##*$'\n'}" = "$wanted" ]
  must "$error is said" has "$body" "\"error\":\"$error\""
}
form=(-d grant_type=client_credentials -d client_id=cid)
asks 401 invalid_client "${form[@]}" -d client_secret=wrong
asks 401 invalid_client "${form[@]}"
asks 400 invalid_client -d grant_type=client_credentials -d client_secret=x
asks 400 invalid_scope "${form[@]}" --data-urlencode "client_secret=$secret" -d scope=openid,nonsense
asks 400 unsupported_grant_type -d grant_type=password -d client_id=cid
asks 400 unsupported_grant_type -d ''
asks 400 invalid_request -H 'Content-Type: application/json' -d '{}'
asks 400 invalid_request -d 'a=%zz'
asks 400 invalid_request "${form[@]}" -d client_id=again
asks 405 invalid_request

# --- its options ---

help=$("$DPS" serve --help | tr -s ' \n' ' ')
must '--help says what each value of --auth means' has "$help" \
  '--auth any|strict which tokens are good: any well-formed one (default); strict: those that its own endpoint gave out'
run "$DPS" serve --port 0 --auth loose
must 'one that is unknown is answered with those that are known' has "$err" 'use any (every well-formed token is good) or strict'

for bad in '--auth loose' '--token-lifetime 0' '--token-lifetime soon' '--token-lifetime 999999' '--credentials /nowhere'; do
  run "$DPS" serve --port 0 $bad
  must "dps serve $bad is refused" [ "$code" = 2 ]
  must "dps serve $bad says why" has "$err" 'what to do: '
done

cd "$here" || exit
finish
