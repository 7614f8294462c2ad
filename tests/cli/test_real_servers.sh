# Real servers in between: nginx and nghttpx end TLS before a local library (HTTP/2, client
# certificates), tinyproxy carries the connection; what was signed arrives as it was. Without them there is nothing to show, so this
# test is skipped where they are not installed (scripts/setup --servers brings them).
source tests/support/cli.sh
source tests/support/certificates.sh
source tests/support/serve.sh

for program in nginx nghttpx tinyproxy openssl; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null && continue
  echo "SKIPPED: there is no $program here (scripts/setup --servers installs it)"
  [[ -z ${DPS_NEED_SERVERS-} ]] || exit 1
  exit 77
done
PATH=$PATH:/usr/sbin

fronts=()
end() {
  ((!${#fronts[@]})) || kill "${fronts[@]}" 2>/dev/null
  stop_all
  wait
  rm -rf "$scratch"
}
trap end EXIT
repository=$PWD
cd "$scratch" || exit

{
  authority root && authority stranger &&
    certificate server root 'subjectAltName=DNS:localhost,IP:127.0.0.1' &&
    certificate client root 'extendedKeyUsage=clientAuth' &&
    certificate intruder stranger 'extendedKeyUsage=clientAuth'
} >openssl.log 2>&1 || { cat openssl.log && exit 1; }

# answers PORT: something listens there
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# front CONFIGURE PROGRAM...: starts it on a free port that CONFIGURE PORT writes into its files;
# sets port
front() {
  local configure=$1 try i pid
  shift
  for try in {1..20}; do
    port=$((20000 + RANDOM % 30000))
    answers "$port" && continue
    "$configure" "$port"
    "$@" >>"front.$1.log" 2>&1 </dev/null &
    pid=$!
    for i in {1..200}; do
      kill -0 "$pid" 2>/dev/null || continue 2
      answers "$port" && fronts+=("$pid") && return
      sleep 0.02
    done
    kill "$pid"
  done
  echo "$1 did not start: $(<"front.$1.log")"
  exit 1
}

cat >create.lua <<'LUA'
local dps = require "dps"
local tasks = {}
for i = 1, tonumber(arg[1] or "1") do
  tasks[i] = dps.spawn(dps.create_fallback, { name = "Offer " .. i, status = "draft",
    representations = { { channel = "https://ns.adobe.com/xdm/channel-types/web",
      placement = "offerPlacement1234", components = { { type = "imagelink",
        format = "image/png", deliveryURL = "https://a.example/i.png" } } } } })
end
for _, task in ipairs(tasks) do task:wait() end
print "created"
LUA

# create NAME=VALUE... [-- COUNT]: through what listens on port
create() {
  local settings=()
  while (($#)) && [[ $1 != -- ]]; do settings+=("$1") && shift; done
  run env DPS_BASE_URL="https://127.0.0.1:$port/data/core/dps" DPS_SANDBOX=dev \
    DPS_IMS_ORG=o@AdobeOrg DPS_API_KEY=key DPS_ACCESS_TOKEN=any-token DPS_TIMEOUT=10 DPS_CA_FILE=root.pem \
    "${settings[@]}" "$DPS" run create.lua "${@:2}"
}

# Signs a write and a read, and verifies what arrived behind whatever is in between (badserver's echo).
cat >sign.lua <<'LUA'
local dps, native = require "dps", require "dps.native"
local origin = os.getenv("DPS_BASE_URL"):match "^(https://[^/]+)"
local key = assert(native.key { file = os.getenv "DPS_SIGN_KEY", keyid = os.getenv "DPS_SIGN_KEYID" })
local function arrived(echo)
  local headers = {}
  for name, value in pairs(echo.headers) do
    if name == "authorization" then value = "Bearer any-token" end -- it is hidden in answers
    headers[#headers + 1] = { name, value }
  end
  return { method = echo.method, target_uri = origin .. echo.target, headers = headers, body = echo.body }
end
local policy = { keys = { key }, window = 60, tag = "fapi-2-request", components = { "@method",
  "@target-uri", "authorization", "content-digest!", "content-type!", "x-sandbox-name" } }
local calls = {
  { method = "POST", path = "/offers", query = { ["offer-type"] = "fallback" }, body = { name = "Caf\u{e9}" } },
  { method = "GET", path = "/offers/dps:fallback-offer:1", query = { property = "name==A B" } },
}
for _, call in ipairs(calls) do
  local echo = dps.request(call)
  if arg[1] == "show" then
    print(echo.headers["proxy-authorization"], echo.target, echo.headers.authorization:sub(1, 16))
  else
    assert(native.verify_message(arrived(echo), policy))
    print(echo.method .. " verifies")
  end
end
LUA

# sign NAME=VALUE... [-- ARG]: through what listens on port, to the echo behind it
openssl genpkey -algorithm ed25519 -out sign.pem 2>/dev/null
printf 'a secret of the gateway' >sign.secret
chmod 600 sign.pem sign.secret
both_verify=$'POST verifies\nGET verifies'
sign() {
  local settings=()
  while (($#)) && [[ $1 != -- ]]; do settings+=("$1") && shift; done
  run env DPS_BASE_URL="https://127.0.0.1:$port/echo" DPS_SANDBOX=dev DPS_IMS_ORG=o@AdobeOrg DPS_API_KEY=key \
    DPS_ACCESS_TOKEN=any-token DPS_TIMEOUT=10 DPS_CA_FILE=root.pem DPS_SIGN_KEY=sign.pem DPS_SIGN_KEYID=job \
    DPS_SIGN_SCOPE=all "${settings[@]}" "$DPS" run sign.lua "${@:2}"
}

start_library || { echo "no library: $err" && exit 1; }
library_port=$port

mkfifo echo.in
exec {echo_in}<>echo.in
"$DPS_BADSERVER" >echo.url <echo.in &
fronts+=("$!")
for _ in {1..200}; do grep -q '^http' echo.url && break || sleep 0.02; done
echo_port=$(<echo.url) echo_port=${echo_port##*:}

# --- nginx: HTTP/2 and HTTP/1.1, with a client's certificate ---

configure_nginx() {
  cat >nginx.conf <<CONF
daemon off; master_process off; pid $scratch/nginx.pid; error_log $scratch/nginx.err;
events { worker_connections 256; }
http {
  log_format way '\$server_protocol \$ssl_client_s_dn \$status \$connection';
  access_log $scratch/nginx.access way;
  client_body_temp_path $scratch; proxy_temp_path $scratch; fastcgi_temp_path $scratch;
  uwsgi_temp_path $scratch; scgi_temp_path $scratch;
  server {
    listen 127.0.0.1:$1 ssl $http2;
    ssl_certificate $scratch/server.pem; ssl_certificate_key $scratch/server.key;
    ssl_client_certificate $scratch/root.pem; ssl_verify_client on;
    location / { proxy_pass http://127.0.0.1:$library_port; proxy_set_header Host \$http_host; }
    location /echo/ { proxy_pass http://127.0.0.1:$echo_port; proxy_set_header Host \$http_host; }
  }
}
CONF
}
start_nginx() {
  http2=$1
  : >nginx.access
  front configure_nginx nginx -c "$scratch/nginx.conf" -p "$scratch"
}

# ways: what nginx saw, a line for each kind of request
ways() { cut -d' ' -f1-3 nginx.access | sort | uniq -c | sed 's/^ *//'; }
with_certificate=(DPS_CLIENT_CERT=client.pem DPS_CLIENT_KEY=client.key)

start_nginx http2
create "${with_certificate[@]}" -- 20
must 'nginx, HTTP/2: twenty offers are created' [ "$code $out" = '0 created' ]
must 'all went by HTTP/2, known by the certificate' [ "$(ways)" = '20 HTTP/2.0 CN=client 201' ]
must 'and on one connection' [ "$(cut -d' ' -f4 nginx.access | sort -u | wc -l)" = 1 ]
sign "${with_certificate[@]}"
must 'nginx, HTTP/2: what was signed arrives and verifies' [ "$code $out" = "0 $both_verify" ]
sign "${with_certificate[@]}" DPS_SIGN_PROFILE=sigv4 DPS_SIGN_REGION=eu-west-1 DPS_SIGN_KEY=sign.secret \
  DPS_SIGN_SCOPE= -- show
must "nginx, HTTP/2: AWS's signature changes no target" [ "$code $out" = "0 $(printf 'nil\t%s\tAWS4-HMAC-SHA256\n' \
  '/echo/offers?offer-type=fallback' '/echo/offers/dps:fallback-offer:1?property=name%3D%3DA%20B')" ]
create
must 'without a certificate nginx refuses' [ "$code" = 1 ]
must 'and it is said why' has "$err" 'HTTP status 400'
create DPS_CLIENT_CERT=intruder.pem DPS_CLIENT_KEY=intruder.key
must "a stranger's certificate is refused" [ "$code" = 1 ]
start_nginx ''
create "${with_certificate[@]}" -- 20
must 'nginx, HTTP/1.1: twenty offers are created' [ "$code $out" = '0 created' ]
must 'all went by HTTP/1.1' [ "$(ways)" = '20 HTTP/1.1 CN=client 201' ]
sign "${with_certificate[@]}"
must 'nginx, HTTP/1.1: what was signed arrives and verifies' [ "$code $out" = "0 $both_verify" ]
nginx_port=$port

# --- nghttpx: another implementation of HTTP/2 ---

configure_nghttpx() {
  : >nghttpx.conf
  nghttpx_front="127.0.0.1,$1"
}
run_nghttpx() {
  exec nghttpx --conf=nghttpx.conf -f "$nghttpx_front" -b "127.0.0.1,$library_port" \
    -b "127.0.0.1,$echo_port;/echo/" --workers=1 \
    --accesslog-file="$scratch/nghttpx.access" --accesslog-format='$alpn $status' \
    --errorlog-file="$scratch/nghttpx.err" --single-process server.key server.pem
}
front configure_nghttpx run_nghttpx
create -- 20
must 'nghttpx, HTTP/2: twenty offers are created' [ "$code $out" = '0 created' ]
must 'all went by HTTP/2' [ "$(sort nghttpx.access | uniq -c | xargs)" = '20 h2 201' ]

sign
must 'nghttpx, HTTP/2: what was signed arrives and verifies' [ "$code $out" = "0 $both_verify" ]

# --- tinyproxy: CONNECT, NO_PROXY, a password ---

configure_tinyproxy() {
  cat >tinyproxy.conf <<CONF
Port $1
Listen 127.0.0.1
Timeout 30
MaxClients 20
LogFile "$scratch/tinyproxy.log"
LogLevel Connect
$proxy_password
CONF
  : >tinyproxy.log
}
# tunnels: how many connections it has carried
tunnels() { grep -c 'Request.*CONNECT' tinyproxy.log; }

proxy_password=''
front configure_tinyproxy tinyproxy -d -c "$scratch/tinyproxy.conf"
proxy=http://127.0.0.1:$port port=$nginx_port
create "${with_certificate[@]}" https_proxy="$proxy"
must 'through a proxy: created' [ "$code $out" = '0 created' ]
must 'the proxy carried it' [ "$(tunnels)" = 1 ]
create "${with_certificate[@]}" HTTPS_PROXY="$proxy"
must 'the upper-case name counts too' [ "$code $(tunnels)" = '0 2' ]
create "${with_certificate[@]}" https_proxy="$proxy" NO_PROXY=127.0.0.1
must 'NO_PROXY: created past the proxy' [ "$code $(tunnels)" = '0 2' ]
create "${with_certificate[@]}" https_proxy="$proxy" no_proxy='example.com,127.0.0.1'
must 'no_proxy in a list: created past the proxy' [ "$code $(tunnels)" = '0 2' ]
create "${with_certificate[@]}" https_proxy="$proxy" NO_PROXY=example.com
must 'NO_PROXY of another host changes nothing' [ "$code $(tunnels)" = '0 3' ]

proxy_password='BasicAuth campaign hunter2-of-the-proxy'
front configure_tinyproxy tinyproxy -d -c "$scratch/tinyproxy.conf"
proxy_port=$port port=$nginx_port
create "${with_certificate[@]}" \
  https_proxy="http://campaign:hunter2-of-the-proxy@127.0.0.1:$proxy_port"
must "with the proxy's password: created" [ "$code $out" = '0 created' ]
secret_proxy=http://campaign:hunter2-of-the-proxy@127.0.0.1:$proxy_port
sign "${with_certificate[@]}" https_proxy="$secret_proxy"
must 'through a proxy: what was signed arrives and verifies' [ "$code $out" = "0 $both_verify" ]
# The gateway's line has the name of one that proxies read: it must pass this one by.
sign "${with_certificate[@]}" https_proxy="$secret_proxy" DPS_SIGN_PROFILE=hmac-auth DPS_SIGN_GATEWAY=kong \
  DPS_SIGN_KEY=sign.secret -- show
must "Kong's line goes through the proxy's tunnel" [ "$code" = 0 ]
must 'and arrives with what it signs' has "$out" \
  'hmac username="job", algorithm="hmac-sha256", headers="@request-target host date digest", signature="'
must 'the password of the proxy does not arrive' lacks "$out" Basic
create "${with_certificate[@]}" https_proxy="http://campaign:wrong-password-42@127.0.0.1:$proxy_port"
must 'with a wrong password: it fails' [ "$code" = 1 ]
must "it says what the proxy said" has "$err" 'CONNECT tunnel failed, response 40'
must 'the request did not get through' has "$err" 'the service did not get the request'
must 'and no password is shown' lacks "$out$err" wrong-password-42
create "${with_certificate[@]}" https_proxy="http://127.0.0.1:1"
must 'a proxy that is not there: it fails, unsent' \
  has "$err" 'the service did not get the request'

cd "$repository" || exit
finish
