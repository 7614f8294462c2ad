# TLS: only a server that the trusted roots vouch for, under the name that was asked for, gets a
# request; client certificates. Authorities are made here; the server is openssl's, on loopback.
source tests/support/cli.sh
source tests/support/certificates.sh

if ! command -v openssl >/dev/null; then
  echo "SKIPPED: there is no openssl command here (Debian: apt-get install openssl)"
  exit 0
fi

token=eyJhbGciOiJub25lIn0.c2VjcmV0LXBhcnQ.c2lnbmF0dXJl-_42
servers=()
end() {
  ((!${#servers[@]})) || kill "${servers[@]}" 2>/dev/null
  wait
  rm -rf "$scratch"
}
trap end EXIT
cd "$scratch" || exit

# --- certificates ---

{
  authority root && authority stranger &&
    certificate server root 'subjectAltName=DNS:localhost,IP:127.0.0.1' &&
    certificate elsewhere root 'subjectAltName=DNS:other.example,IP:127.0.0.2' &&
    certificate client root 'extendedKeyUsage=clientAuth' &&
    certificate intruder stranger 'extendedKeyUsage=clientAuth' &&
    openssl ec -aes256 -passout pass:secret -in client.key -out locked.key
} >openssl.log 2>&1 || { cat openssl.log && exit 1; }
cat client.pem client.key >both.pem

# --- a server that answers from files, which hold the head of the answer too ---

mkdir -p www/data/offers
printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"id":"one","name":"Over TLS"}' \
  >'www/data/offers/one?offer-type=fallback'

# Sets port, as the server of this log says it.
await_port() {
  for _ in {1..250}; do
    port=$(sed -nE 's/^ACCEPT [^ ]*:([0-9]+)$/\1/p' "$log" | head -n 1)
    [[ -z $port ]] || return 0
    sleep 0.02
  done
  echo "openssl s_server did not start: $(<"$log")"
  exit 1
}

# serve LOG CERTIFICATE OPTIONS...: sets log and port
serve() {
  log=$scratch/$1
  local certificate=$scratch/$2
  shift 2
  (cd www && exec timeout 50 openssl s_server -accept 127.0.0.1:0 -HTTP \
    -cert "$certificate.pem" -key "$certificate.key" "$@" >"$log" 2>&1 </dev/null) &
  servers+=($!)
  await_port
}

# How many requests the server of this log has read.
asked() { grep -c ^FILE: "$log"; }

cat >get.lua <<'LUA'
local dps = require "dps"
local ok, e = pcall(dps.get_fallback, "one")
print(ok and e.name or e.kind, ok or e.sent, ok or e.status, ok or e.retryable)
if not ok then error(e, 0) end
LUA
cat >create.lua <<'LUA'
local dps = require "dps"
local ok, e = pcall(dps.create_fallback, { name = "One", status = "draft", representations = { {
  channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "p", components = {
    { type = "imagelink", format = "image/png", deliveryURL = "https://a.example/i.png" } } } } })
print(ok or e.kind, ok or e.sent, ok or e.status, ok or e.retryable)
if not ok then error(e, 0) end
LUA

# call SCRIPT NAME=VALUE...: runs get or create with these settings
host=127.0.0.1
call() {
  local script=$1
  shift
  run env DPS_BASE_URL="https://$host:$port/data" DPS_SANDBOX=dev DPS_IMS_ORG=o DPS_API_KEY=k \
    DPS_ACCESS_TOKEN=$token DPS_TIMEOUT=5 "$@" "$DPS" run --verbose "$script.lua"
  must "$script $*: the token is not shown" lacks "$out$err" c2VjcmV0LXBhcnQ
}

# gives CODE OUT WORDS WHAT: how the last call must have ended
gives() {
  must "$4: exit code $1" [ "$code" = "$1" ]
  must "$4: $2" [ "$out" = "$2" ]
  must "$4: it says $3" has "$err" "$3"
}
failed_unsent=$'transport\tno\tnil\tfalse'
well=$'Over TLS\ttrue\ttrue\ttrue'

# --- the server's certificate ---

serve plain.log server
call get
gives 1 "$failed_unsent" 'certificate' 'an unknown authority'
must 'an unknown authority: what to do' has "$err" DPS_CA_FILE
must 'an unknown authority: the name of the failure' has "$err" PEER_FAILED_VERIFICATION
call create
gives 1 "$failed_unsent" 'the service did not get the request' 'a write to an unknown authority'
call get DPS_CA_FILE=stranger.pem
gives 1 "$failed_unsent" 'certificate' 'the wrong authority'
must 'no server without trust was asked anything' [ "$(asked)" = 0 ]
call get DPS_CA_FILE=root.pem
gives 0 "$well" ': 200, ' 'the right authority'
host=localhost call get DPS_CA_FILE=root.pem
gives 0 "$well" ': 200, ' 'the right authority, by name'
must 'both were read by the server' [ "$(asked)" = 2 ]
call get DPS_CA_FILE=nowhere.pem
gives 2 $'refused\tno\tnil\tfalse' nowhere.pem 'a file of roots that is not there'
call get DPS_CA_FILE=server.key
gives 2 $'refused\tno\tnil\tfalse' server.key 'a file of roots that holds none'

serve elsewhere.log elsewhere
call get DPS_CA_FILE=root.pem
gives 1 "$failed_unsent" '127.0.0.1' "another host's certificate"
host=localhost call get DPS_CA_FILE=root.pem
gives 1 "$failed_unsent" 'localhost' "another host's certificate, by name"
must "no server with another's certificate was asked anything" [ "$(asked)" = 0 ]

# --- through a proxy: what opens the tunnel is no part of the request ---

"$DPS_TUNNEL" >tunnel.log &
servers+=($!)
until proxy=$(head -n 1 tunnel.log) && [[ -n $proxy ]]; do sleep 0.02; done

# A server that answers one write, once it has read its body.
log=$scratch/write.log
mkfifo answer
{
  until grep -qs '"name":"One"' "$log"; do sleep 0.02; done
  printf 'HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{"id":"new"}'
} >answer &
servers+=($!)
timeout 50 openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key \
  <answer >"$log" 2>&1 &
servers+=($!)
await_port

call create DPS_CA_FILE=root.pem https_proxy="$proxy"
gives 0 $'true\ttrue\ttrue\ttrue' ': 201, ' 'the first write through a proxy'
must 'it went through the proxy' grep -q "^CONNECT 127.0.0.1:$port " tunnel.log
must 'it was sent once' [ "$(grep -c '"name":"One"' "$log")" = 1 ]

# --- the client's certificate: TLS 1.2 asks for it before a request can be sent, TLS 1.3 after ---

for version in 1_2 1_3; do
  serve "demands$version.log" server "-tls$version" -Verify 1 -verify_return_error \
    -CAfile "$scratch/root.pem"
  call get DPS_CA_FILE=root.pem
  must "TLS $version without a certificate: exit code 1" [ "$code" = 1 ]
  must "TLS $version without a certificate: a transport failure" has "$out" transport
  must "TLS $version without a certificate: it says why" has "$err" alert
  call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=intruder.pem DPS_CLIENT_KEY=intruder.key
  must "TLS $version with a stranger's certificate: a transport failure" has "$out" transport
  must "TLS $version: nothing was read without the right certificate" [ "$(asked)" = 0 ]
  call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=client.pem DPS_CLIENT_KEY=client.key
  gives 0 "$well" ': 200, ' "TLS $version with certificate and key"
  call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=both.pem
  gives 0 "$well" ': 200, ' "TLS $version with both in one file"
  must "TLS $version: both were read" [ "$(asked)" = 2 ]
done
call create DPS_CA_FILE=root.pem
must 'a write that TLS 1.3 turns away is unknown or was not sent' \
  [ "$out" = $'unknown\tmaybe\tnil\tfalse' -o "$out" = $'transport\tno\tnil\ttrue' ]

refused=$'refused\tno\tnil\tfalse'
call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=client.pem DPS_CLIENT_KEY=nowhere.key
gives 2 "$refused" 'key' 'a key file that is not there'
call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=nowhere.pem DPS_CLIENT_KEY=client.key
gives 2 "$refused" 'certificate' 'a certificate file that is not there'
call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=client.pem DPS_CLIENT_KEY=intruder.key
gives 2 "$refused" 'key' 'a key of another certificate'
call get DPS_CA_FILE=root.pem DPS_CLIENT_CERT=client.pem DPS_CLIENT_KEY=locked.key
gives 2 "$refused" 'key' 'a key with a password, which nobody is asked for'
must 'none of these was read' [ "$(asked)" = 2 ]

finish
