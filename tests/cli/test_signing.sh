# Signing as a person sets it up: a key made with openssl, a passphrase, what --verbose says, and that
# neither key nor passphrase is ever shown. What goes over the wire is tests/lua/test_signing.lua's.
source tests/support/cli.sh
source tests/support/serve.sh

if ! command -v openssl >/dev/null; then
  echo "SKIPPED: there is no openssl command here (Debian: apt-get install openssl)"
  exit 77
fi
cd "$scratch" || exit
umask 077

{
  openssl genpkey -algorithm ed25519 -out plain.pem
  openssl pkey -in plain.pem -aes256 -passout pass:hunter2-of-the-key -out locked.pem
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
  openssl rand -out secret 32
} 2>openssl.log || { cat openssl.log && exit 1; }

start_library
must 'dps serve starts' [ -n "$url" ]
point_at_library
cat >create.lua <<'LUA'
local dps = require "dps"
for i = 1, 3 do
  dps.create_fallback { name = "Offer " .. i, status = "draft", representations = { {
    channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "offerPlacement1234",
    components = { { type = "imagelink", format = "image/png", deliveryURL = "https://a.example/i.png" } } } } }
end
print "created"
LUA

# create NAME=VALUE...: what is shown never holds a line of a key, the passphrase or the token
create() {
  run env "$@" "$DPS" run --verbose create.lua
  must "$*: no key is shown" lacks "$out$err" "$(sed -n 2p plain.pem)"
  must "$*: no passphrase is shown" lacks "$out$err" hunter2
  must "$*: no token is shown" lacks "$out$err" any-token
}

# refused WORDS NAME=VALUE...: exit code 2, these words, and nothing is sent
refused() {
  local words=$1
  shift
  create "$@"
  must "$*: exit code 2" [ "$code" = 2 ]
  must "$*: says \"$words\"" has "$err" "$words"
  must "$*: says what to do" has "$err" 'what to do: '
  must "$*: nothing is sent" lacks "$err" 'POST /'
}

# --- what --verbose says, once ---

create DPS_SIGN_KEY=plain.pem
must 'signed offers are created' [ "$code $out" = '0 created' ]
must 'profile, algorithm and keyid are said once' [ "$(grep -c '^signing: ' <<<"$err")" = 1 ]
thumbprint=$(openssl pkey -in plain.pem -pubout -outform DER | tail -c 32 | openssl base64 -A | tr '+/' '-_' |
  tr -d =)
thumbprint=$(printf '{"crv":"Ed25519","kty":"OKP","x":"%s"}' "$thumbprint" | openssl dgst -sha256 -binary |
  openssl base64 -A | tr '+/' '-_' | tr -d =)
must 'the keyid is the thumbprint of RFC 7638' has "$err" "signing: fapi2, ed25519, keyid $thumbprint, writes"
create DPS_SIGN_KEY=rsa.pem DPS_SIGN_ALG=rsa-v1_5-sha256 DPS_SIGN_KEYID=job DPS_SIGN_SCOPE=all
must 'RSA signs too' has "$err" 'signing: fapi2, rsa-v1_5-sha256, keyid job, all requests'
must 'and its offers are created' [ "$code $out" = '0 created' ]
run "$DPS" run --verbose create.lua
must 'without a key nothing is said of signing' lacks "$err" signing
run env DPS_SIGN_KEY=plain.pem "$DPS" run create.lua
must 'nor without --verbose' [ "$code$err" = 0 ]

# --- a passphrase ---

create DPS_SIGN_KEY=locked.pem DPS_SIGN_PASSPHRASE=hunter2-of-the-key
must 'a key with a passphrase signs' has "$err" "keyid $thumbprint, writes"
refused 'DPS_SIGN_PASSPHRASE' DPS_SIGN_KEY=locked.pem
refused 'DPS_SIGN_PASSPHRASE' DPS_SIGN_KEY=locked.pem DPS_SIGN_PASSPHRASE=hunter2-but-wrong
printf '%s\n' 'print(os.getenv "DPS_SIGN_PASSPHRASE", io.popen("env"):read "a")' >show.lua
run env DPS_SIGN_PASSPHRASE=hunter2-of-the-key "$DPS" run show.lua
must 'no script sees the passphrase, nor does what it starts' lacks "$out$err" hunter2

# --- keys that can't be used ---

cp plain.pem open.pem && chmod 644 open.pem
: >empty.pem
openssl pkey -in plain.pem -pubout -out public.pem 2>/dev/null
refused 'chmod 600' DPS_SIGN_KEY=open.pem
refused 'nowhere.pem' DPS_SIGN_KEY=nowhere.pem
refused 'empty' DPS_SIGN_KEY=empty.pem
refused 'is a public one' DPS_SIGN_KEY=public.pem
chmod 644 public.pem
refused 'is a public one' DPS_SIGN_KEY=public.pem
refused 'DPS_SIGN_KEYID is not set' DPS_SIGN_KEY=secret
refused 'cannot be used for hmac-sha256' DPS_SIGN_KEY=plain.pem DPS_SIGN_ALG=hmac-sha256
refused 'cannot be used for ed25519' DPS_SIGN_KEY=rsa.pem DPS_SIGN_ALG=ed25519
refused 'DPS_SIGN_PROFILE: "fapi" is none of: none, fapi2, custom, hmac-auth, sigv4' DPS_SIGN_PROFILE=fapi
refused 'a line break' DPS_SIGN_KEY=plain.pem DPS_SIGN_KEYID=$'a\nX-Evil: 1'

# --- the profile file, and a command ---

mkdir dps
printf '{"gateway": {"sign_key": "plain.pem", "sign_scope": "all", "sign_components": ["@method"]}}' >dps/config.json
export XDG_CONFIG_HOME=$scratch
refused 'DPS_SIGN_COMPONENTS means nothing in the signing profile fapi2' DPS_PROFILE=gateway
printf '{"gateway": {"sign_profile": "custom", "sign_key_command": ["cat", "plain.pem"],
  "sign_components": ["@method", "@path", "content-digest"]}}' >dps/config.json
create DPS_PROFILE=gateway
must 'a profile file can hold it all' has "$err" "signing: custom, ed25519, keyid $thumbprint, writes"
must 'and its offers are created' [ "$code $out" = '0 created' ]
printf '{"gateway": {"sign_passphrase": "hunter2"}}' >dps/config.json
refused 'secrets do not belong in this file' DPS_PROFILE=gateway

# --- with a dry run, and with the library in the process ---

run env DPS_SIGN_KEY=open.pem "$DPS" run --dry-run create.lua
must 'a dry run is refused what the real one is' [ "$code" = 2 ]
run env DPS_SIGN_KEY=plain.pem "$DPS" run --local create.lua
must 'with --local it is signed too' [ "$code $out" = '0 created' ]

# --- both ways, with a library that demands signatures and signs its answers ---

openssl genpkey -algorithm ed25519 -out service.pem 2>/dev/null
openssl pkey -in service.pem -pubout -out service.pub.pem 2>/dev/null
stop_library
start_library --verify-key public.pem --verify-scope all --answer-key service.pem --auth strict \
  --journal "$scratch/journal"
must 'a library that demands signatures starts' [ -n "$url" ]
point_at_library
token=$(curl -sS --noproxy '*' -d grant_type=client_credentials -d client_id=key -d client_secret=s -d scope=openid \
  "${url%/data/core/dps}/ims/token/v3" | sed -nE 's/.*"access_token":"([^"]+)".*/\1/p')
cat >all.lua <<'LUA'
local dps = require "dps"
local offer = dps.create_fallback { name = "Free", status = "draft", representations = { {
  channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "offerPlacement1234",
  components = { { type = "imagelink", format = "image/png", deliveryURL = "https://a.example/i.png" } } } } }
dps.update_fallback(offer.id, { { op = "replace", path = "/name", value = "New" } })
for found in dps.list_fallbacks { property = { { "name", "==", "New" } } } do print(found.name) end
dps.delete_fallback(offer.id)
LUA
signed=(DPS_SIGN_KEY=plain.pem DPS_SIGN_SCOPE=all DPS_VERIFY_KEY=service.pub.pem)
run env "${signed[@]}" DPS_ACCESS_TOKEN="$token" "$DPS" run all.lua
must 'create, update, list and delete verify there, and their answers here' [ "$code$out$err" = 0New ]
# The token is covered: a second attempt under a new one must be signed anew.
printf '#!/bin/sh\nif [ -e asked ]; then echo "%s"; else touch asked && echo stale-token; fi\n' "$token" >token.sh
chmod 700 token.sh
: >journal
run env -u DPS_ACCESS_TOKEN "${signed[@]}" DPS_ACCESS_TOKEN_COMMAND=./token.sh "$DPS" run all.lua
must 'a call that is made again under a new token is signed anew' [ "$code$out$err" = 0New ]
must 'the first attempt was refused, the second verified' \
  [ "$(sed -nE '/"method":"POST"/s/.*"signature":"([a-z]+)","status":([0-9]+).*/\1 \2/p' journal | tail -n 1)" = 'valid 201' ]
must 'there were two' [ "$(grep -c '"method":"POST"' journal)" = 2 ]
run env "${signed[@]}" DPS_VERIFY_KEY=public.pem DPS_ACCESS_TOKEN="$token" "$DPS" run all.lua
must 'an answer by another key leaves the fate of a write open' has "$err" 'unknown: the answer is not validly signed'
must 'and says so by its exit code' [ "$code" = 1 ]

finish
