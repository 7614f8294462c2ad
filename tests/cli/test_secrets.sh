# Nothing secret leaks: every command runs, talkatively, with secrets that are known here, and every
# byte that it prints or writes is searched for them: as they are, in base64, URL-encoded, in hex.
source tests/support/cli.sh
source tests/support/serve.sh
here=$PWD code=0 out='' err=''
cd "$scratch" || exit
mkdir seen work config own
cd work || exit
client_secret='p8e-Kx4/7+q=Zt0&Wm9_longer' token=eyJhbGciOiJub25lIn0.c2VjcmV0LXBhcnQ.T0KeNbytes-42
passphrase='pass phrase of 31 bytes, really' gateway=gw-Q81kkzP0aa71-Lm
declare -A secrets=([client]=$client_secret [token]=$token [passphrase]=$passphrase [gateway]=$gateway)
# Private keys: each line of their PEM, and what is secret in one as it is, for a JWK's d or a dump.
openssl genpkey -algorithm ed25519 -out ../own/ed25519.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ../own/p256.pem 2>/dev/null
openssl pkey -in ../own/p256.pem -aes256 -passout pass:"$passphrase" -out ../own/locked.pem 2>/dev/null
chmod 600 ../own/*.pem
openssl pkey -in ../own/ed25519.pem -pubout -out ../own/ed25519.pub 2>/dev/null
mapfile -t key_lines < <(cat ../own/{ed25519,p256,locked}.pem | grep -v -e '^-----')
for line in "${key_lines[@]}"; do secrets[key-line-${#secrets[@]}]=$line; done
seed() { openssl pkey -in ../own/ed25519.pem -outform DER | tail -c 32; }

# --- what is looked for ---

url_encoded() {
  local i char
  for ((i = 0; i < ${#1}; i++)); do
    char=${1:i:1}
    [[ $char == [A-Za-z0-9._~-] ]] && printf %s "$char" || printf '%%%02X' "'$char"
  done
  echo
}
# Forms of a secret, a line each. In base64 it may begin at any of three places of a group of bytes.
forms() {
  local at encoded
  printf '%s\n' "$1"
  printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
  echo
  url_encoded "$1"
  url_encoded "$1" | sed 's/%20/+/g'
  for at in 0 1 2; do
    encoded=$(printf '%*s%s' $at '' "$1" | base64 -w0)
    ((at)) && encoded=${encoded:4}
    printf '%s\n' "${encoded:0:${#encoded}-4}"
    printf '%s\n' "${encoded:0:${#encoded}-4}" | tr '+/' '-_'
  done
}
for name in "${!secrets[@]}"; do forms "${secrets[$name]}"; done | awk 'length($0) >= 8' | sort -u >../needles
printf 'dps-local.' >>../needles # what the local library's tokens begin with
echo >>../needles
{
  seed | od -An -v -tx1 | tr -d ' \n'
  echo
  seed | base64 -w0 | cut -c -43
  seed | base64 -w0 | cut -c -43 | tr '+/' '-_'
} >>../needles
must 'there are key lines to look for' [ ${#key_lines[@]} -ge 7 ]
must 'there are forms to look for' [ "$(wc -l <../needles)" -ge 20 ]

# found FILES: those that show a secret
found() { grep -rlaFf ../needles "$@"; }
for form in "x $client_secret y" "a=$(printf %s "$token" | base64 -w0)" 'p8e-Kx4%2F7%2Bq%3DZt0%26Wm9_longer' \
  "$(printf 'xx%s' "$gateway" | base64 -w0)" dps-local.0 \
  "key: ${key_lines[0]}" "$(sed -n 3p ../own/p256.pem | base64 -w0)" "d=$(seed | base64 -w0)" "$(seed | od -An -v -tx1 | tr -d ' \n')"; do
  printf '%s\n' "$form" >../probe
  must "the search finds $form" [ -n "$(found ../probe)" ]
done
rm ../probe

# --- what runs: scripts that look everywhere, and fail in every way ---

cat >look.lua <<'LUA'
local function all(file) return file and file:read "a" or "" end
for _, name in ipairs { "DPS_ACCESS_TOKEN", "DPS_CLIENT_SECRET", "DPS_SIGN_PASSPHRASE", "DPS_SECRET_GATEWAY" } do
  print(name, os.getenv(name), pcall(dps.secret.from_env, name))
end
print(all(io.open "/proc/self/environ"), all(io.open "/proc/self/cmdline"))
print(all(io.popen "env; cat /proc/$PPID/environ"))
pcall(dps.get_fallback, "none")
local seen = {}
local function dump(value)
  print(value)
  if (type(value) ~= "table" and type(value) ~= "function" and type(value) ~= "userdata") or seen[value] then return end
  seen[value] = true
  if type(value) == "table" then for k, v in next, value do dump(k) dump(v) end end
  if type(value) == "function" then
    for i = 1, 60 do
      local name, up = debug.getupvalue(value, i)
      if not name then break end
      dump(up)
    end
  end
  if type(value) == "userdata" then
    for i = 1, 8 do dump((debug.getuservalue(value, i))) end
    print(("%s %q"):format(value, tostring(value)), pcall(dps.json.encode, { value }))
  end
  dump(debug.getmetatable(value))
end
dump(package.loaded)
dump(debug.getregistry())
LUA
cat >calls.lua <<'LUA'
for _, call in ipairs {
  function() return dps.get_fallback "none" end, function() return dps.create_fallback { name = "x" } end,
  function() return dps.create_placement { name = "p", channel = "https://ns.adobe.com/xdm/channel-types/web",
    componentType = "html" } end,
  function() return dps.request { method = "POST", path = "/nowhere", body = { a = 1 } } end,
  function() return dps.request { method = "GET", path = "/x", headers = { ["x-request-id"] = "r" } } end,
  function() for _ in dps.list_fallbacks() do end end, function() return dps.delete_fallback "none" end,
} do
  local ok, e = pcall(call)
  print(ok, e, not ok and require "dps.err".block(e), not ok and dps.json.encode(e, {}))
end
dps.get_fallback "none"
LUA
cat >handles.lua <<'LUA'
local secret = dps.secret.from_env "DPS_SECRET_GATEWAY"
for _, use in ipairs { function() return secret .. "x" end, function() return #secret end, function() error(secret) end,
  function() return dps.json.encode { secret } end, function() return ("%d"):format(secret) end,
  function() return dps.create_fallback { name = secret } end, function() return dps.get_fallback(secret) end,
  function() return dps.request { method = "GET", path = "/x", headers = { ["X-Key"] = secret } } end,
  function() return require "cjson".encode { secret } end, function() return dps.secret.from_file(secret) end,
} do print(pcall(use)) end
error(secret)
LUA
printf '%s\n' 'dps.spawn(dps.get_fallback, "none") dps.sleep(0) local function f() return f() end f()' >stopped.lua
printf '%s\n' 'local t = {} while true do t[#t + 1] = ("x"):rep(1e6, tostring(dps.secret.from_env "DPS_CLIENT_SECRET")) end' >memory.lua

# --- where against: a library that checks tokens, a server that repeats what it was sent, nobody ---

credential() {
  printf '{"ORG_ID":"1@AdobeOrg","CLIENT_ID":"cid","CLIENT_SECRETS":["%s"],"SCOPES":["openid"]}' "$1"
}
credential "$client_secret" >../own/credentials.json
credential wrong-secret-0123 >../own/wrong.json
chmod 600 ../own/*.json
start_library --db "$scratch/seen/library.db" --auth strict --credentials ../own/credentials.json
must 'the local library starts' [ -n "$url" ]
"$DPS_BADSERVER" >../badserver.url &
bad=$!
trap 'kill $bad 2>/dev/null; stop_all; rm -rf "$scratch"' EXIT
for ((i = 0; i < 200; i++)); do [[ -s ../badserver.url ]] && break || sleep 0.02; done
mirror=$(<../badserver.url)
must 'the mirror starts' [ -n "$mirror" ]

export DPS_SANDBOX=dev XDG_CONFIG_HOME=$scratch/config
export DPS_CLIENT_SECRET=$client_secret DPS_SIGN_PASSPHRASE=$passphrase DPS_SECRET_GATEWAY=$gateway
issuer=${url%/data/*}/ims/token/v3
good=(DPS_BASE_URL="$url" DPS_TOKEN_URL="$issuer" DPS_CREDENTIALS=../own/credentials.json)
ways=(
  "given"    "DPS_BASE_URL=$url DPS_ACCESS_TOKEN=$token DPS_IMS_ORG=o DPS_API_KEY=cid"
  "mirrored" "DPS_BASE_URL=$mirror/echo DPS_ACCESS_TOKEN=$token DPS_IMS_ORG=o DPS_API_KEY=cid"
  "issued"   "${good[*]}"
  "shared"   "${good[*]} DPS_TOKEN_CACHE=../own/tokens"
  "mirrored-secret" "DPS_BASE_URL=$url DPS_TOKEN_URL=$mirror/echo DPS_CREDENTIALS=../own/credentials.json"
  "refused"  "DPS_BASE_URL=$url DPS_TOKEN_URL=$mirror/s401 DPS_CREDENTIALS=../own/credentials.json"
  "nowhere"  "DPS_BASE_URL=http://127.0.0.1:1 DPS_TOKEN_URL=http://127.0.0.1:1/t DPS_CREDENTIALS=../own/credentials.json"
)
ran=0
# look NAME COMMAND...: what it prints is kept
look() {
  local name=$1
  shift
  timeout -k 2 50 "$@" >"../seen/$name.out" 2>"../seen/$name.err" </dev/null
  code=$?
  ran=$((ran + 1))
}
for ((i = 0; i < ${#ways[@]}; i += 2)); do
  read -ra variables <<<"${ways[i + 1]}"
  for script in look calls handles; do
    [[ $script == look && ${ways[i]} != @(given|issued|shared) ]] && continue
    look "${ways[i]}.$script" env "${variables[@]}" "$DPS" run --verbose $script.lua
  done
  look "${ways[i]}.json" env "${variables[@]}" "$DPS" run --json --verbose --dry-run calls.lua
done
must 'a script could look around' [ "$(wc -l <../seen/given.look.out)" -gt 500 ]
must 'the mirror showed a request without its token' grep -q 'Bearer \*\*\*' ../seen/mirrored.calls.out
must 'tokens were issued' grep -q "POST $issuer: 200" ../seen/issued.calls.err
must 'a token was shared' grep -q 'found in the token cache' ../seen/shared.calls.err

look local "$DPS" run --local --local-db ../seen/local.db --verbose calls.lua
look profile env "${good[@]}" "$DPS" run --profile none --verbose calls.lua
printf '{"p":{"sandbox":"dev","client_secret":"%s"}}' "$client_secret" >../own/config.json
mkdir -p ../config/dps && mv ../own/config.json ../config/dps/
look leaky-profile env "${good[@]}" "$DPS" run --profile p --verbose calls.lua
must 'a secret in a profile is refused' [ "$code" = 2 ]
rm -r ../config/dps
look odd-secret env "${good[@]}" DPS_CLIENT_SECRET="$client_secret"$'\n'x "$DPS" run --verbose calls.lua
look odd-token env DPS_BASE_URL="$url" DPS_ACCESS_TOKEN="Bearer $token" DPS_IMS_ORG=o DPS_API_KEY=k "$DPS" run calls.lua
look bad-command env "${good[@]}" DPS_CLIENT_SECRET= DPS_CREDENTIALS= DPS_CLIENT_ID=c DPS_IMS_ORG=o \
  DPS_CLIENT_SECRET_COMMAND="sh -c 'cat ../own/credentials.json; exit 1'" "$DPS" run --verbose calls.lua
chmod 644 ../own/credentials.json
look open-file env "${good[@]}" "$DPS" run --verbose calls.lua
chmod 600 ../own/credentials.json
printf '{"CLIENT_ID":"c","CLIENT_SECRETS":["%s"' "$client_secret" >../own/broken.json
chmod 600 ../own/broken.json
look broken-file env "${good[@]}" DPS_CREDENTIALS=../own/broken.json "$DPS" run --verbose calls.lua
look broken-serve "$DPS" serve --port 0 --credentials ../own/broken.json
look wrong-serve "$DPS" serve --port 0 --auth strict --credentials /nowhere
look memory bash -c "ulimit -v 400000; exec env ${good[*]} '$DPS' run --verbose memory.lua"
timeout -s TERM -k 5 1 env "${good[@]}" "$DPS" run --verbose stopped.lua >../seen/stopped.out 2>../seen/stopped.err
for command in $("$DPS" --help | sed -n '/^Commands:/,$s/^   *\([a-z][a-z-]*\)  *.*/\1/p'); do
  look "help-$command" env "${good[@]}" "$DPS" "$command" --help
  [[ $command == serve || $command == repl ]] || look "bare-$command" env "${good[@]}" "$DPS" "$command" calls.lua
done
must 'the commands of --help were run' [ -s ../seen/help-run.out -a -s ../seen/help-serve.out ]
token_form=(-d grant_type=client_credentials -d client_id=cid --data-urlencode "client_secret=$client_secret")
curl -sS --noproxy '*' "${token_form[@]}" -d x=%zz "$issuer" >../seen/refused-form 2>&1
curl -sS --noproxy '*' "${token_form[@]}" -d "grant_type=$client_secret" "$issuer" >../seen/refused-grant 2>&1
stop_library TERM

# --- signatures: of a message that carries secrets, by a key that is one ---

printf %s "$gateway" >../own/hmac && chmod 600 ../own/hmac
printf 'POST /data/core/dps/placements HTTP/1.1\nHost: a\nAuthorization: Bearer %s\nCookie: s=%s\nContent-Length: 2\n\n{}' \
  "$token" "$client_secret" >../own/message.http
by_hand=(--key ../own/hmac --keyid k --components '@path authorization cookie content-digest')
look sign "$DPS" sign "${by_hand[@]}" --explain ../own/message.http
must 'a message was signed' [ "$code" = 0 ]
look sign-json "$DPS" sign "${by_hand[@]}" --json ../own/message.http
"$DPS" sign "${by_hand[@]}" --message ../own/message.http >../own/signed.http
sed 's/Bearer /&x/; s/^Cookie: s/Cookie: t/' ../own/signed.http >../own/changed.http
sed 's/^POST /POST \/edge/; s/{}/{ }/' ../own/signed.http >../own/moved.http
for message in signed changed moved; do
  look "verify-$message" "$DPS" verify --key k=../own/hmac "../own/$message.http"
  look "verify-$message-json" "$DPS" verify --key k=../own/hmac --json "../own/$message.http"
  look "verify-$message-beside" "$DPS" verify --key k=../own/hmac --signed ../own/signed.http "../own/$message.http"
done
must 'what differs was found without showing it' grep -q 'the values (hidden) differ' ../seen/verify-changed-beside.out
look verify-script "$DPS" run <(printf '%s\n' 'print(pcall(dps.verify, io.open("../own/changed.http"):read "a",' \
  '  { keys = { dps.key { file = "../own/hmac", keyid = "k" } }, required = {} }))')
start_library --verify-key k=../own/hmac --answer-key k=../own/hmac --journal ../seen/journal
curl -sS --noproxy '*' -H "Authorization: Bearer $token" -H "Cookie: s=$client_secret" -H 'x-sandbox-name: dev' \
  -d '{}' "$url/placements?access_token=x" >../seen/unsigned-answer
look signed-run env DPS_BASE_URL="$url" DPS_ACCESS_TOKEN="$token" DPS_IMS_ORG=o DPS_API_KEY=k DPS_SIGN_KEY=../own/hmac \
  DPS_SIGN_KEYID=k DPS_VERIFY_KEY=../own/hmac DPS_VERIFY_KEYID=k "$DPS" run --verbose calls.lua
# --- and by private keys, good ones and such as can't be used ---

look sign-pem "$DPS" sign --key ../own/ed25519.pem --components '@path authorization' --explain ../own/message.http
must 'a message was signed by a private key' [ "$code" = 0 ]
"$DPS" sign --key ../own/ed25519.pem --components '@path authorization' --message ../own/message.http >../own/by-pem.http
look verify-pem "$DPS" verify --key ../own/ed25519.pem --json ../own/by-pem.http
look verify-wrong-pem "$DPS" verify --key ../own/p256.pem ../own/by-pem.http
{ sed -n 1p ../own/p256.pem && sed -n 3,4p ../own/p256.pem && tail -n 1 ../own/p256.pem; } >../own/torn.pem
sed 's/PRIVATE KEY/PRIVATE THING/' ../own/ed25519.pem >../own/odd.pem
sed '/-----/d' ../own/p256.pem >../own/bare.pem
install -m 644 ../own/ed25519.pem ../own/open.pem
chmod 600 ../own/{torn,odd,bare}.pem
for key in ed25519 p256 locked torn odd bare open; do
  signing=(DPS_BASE_URL="$url" DPS_ACCESS_TOKEN="$token" DPS_IMS_ORG=o DPS_API_KEY=k DPS_SIGN_KEY="../own/$key.pem")
  [[ $key == p256 ]] && signing+=(DPS_SIGN_ALG=ed25519)
  look "run-$key" env "${signing[@]}" "$DPS" run --verbose calls.lua
  look "look-$key" env "${signing[@]}" "$DPS" run look.lua
  look "wrong-passphrase-$key" env "${signing[@]}" DPS_SIGN_PASSPHRASE=not-this-one "$DPS" run --json calls.lua
  look "sign-$key" "$DPS" sign --key "../own/$key.pem" --json ../own/message.http
  look "serve-$key" timeout -s TERM 1 "$DPS" serve --port 0 --verify-key "../own/$key.pem" --answer-key "../own/$key.pem" \
    --journal "../seen/journal-$key"
done
must 'a script could look around with a key in use' [ "$(wc -l <../seen/look-ed25519.out)" -gt 500 ]
look key-command env "${signing[@]}" DPS_SIGN_KEY= DPS_SIGN_KEY_COMMAND='cat ../own/ed25519.pem' "$DPS" run --verbose calls.lua
look key-is-value env "${signing[@]}" DPS_SIGN_KEY="$(<../own/ed25519.pem)" "$DPS" run --verbose calls.lua
look key-as-pub env "${signing[@]}" DPS_SIGN_KEY=../own/ed25519.pem DPS_VERIFY_KEY=../own/ed25519.pem "$DPS" run calls.lua
cat >keys.lua <<'LUA'
local key = dps.key { file = "../own/ed25519.pem" }
print(key, key:keyid(), key:alg(), pcall(function() return key .. "x" end), pcall(dps.json.encode, { key }))
for _, name in ipairs { "torn", "odd", "bare", "open", "locked" } do
  print(name, pcall(dps.key, { file = "../own/" .. name .. ".pem" }))
  print(name, pcall(dps.key, { secret = dps.secret.from_command { "cat", "../own/" .. name .. ".pem" } }))
end
error(key)
LUA
look keys "$DPS" run keys.lua
must 'the journal tells of signatures' grep -q '"signature":"valid"' ../seen/journal
stop_library TERM
cp ../library.* ../seen/

# --- where it is, and where it is not ---

must "many commands ran ($ran)" [ "$ran" -ge 35 ]
leaks=$(found ../seen)
out=$leaks
must 'no secret is in what they printed or wrote' [ -z "$leaks" ]
must 'databases were searched too' [ -s ../seen/library.db -a -s ../seen/local.db ]
must 'the token cache holds the token, as its owner asked' [ -n "$(found ../own/tokens)" ]
must 'and is nobody else'\''s to read' [ "$(stat -c %a ../own/tokens)" = 600 ]
out=$(find .. -newer ../needles -type f | grep -vE '/(seen|own|work)/|needles|library\.|badserver|/(out|err|head)$')
must 'nothing was written elsewhere' [ -z "$out" ]

cd "$here" || exit
finish
