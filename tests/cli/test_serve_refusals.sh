# What dps serve answers to requests that the service would refuse, seen with curl: gateway codes for
# the four headers, problems for the rest, and the next request is served as ever.
source tests/support/cli.sh
source tests/support/serve.sh
offers='/offers?offer-type=fallback'
start_library
must "dps serve starts" [ -n "$url" ]

# answers WHAT STATUS WORDS: of the last request
answers() {
  must "$1: status $2" [ "$status" = "$2" ]
  must "$1: says $3" has "$body" "$3"
}
# problem WHAT STATUS WORDS: the same, as a problem document (contract 4.1, family P)
problem() {
  answers "$@"
  must "$1: is a problem document" grep -qi '^content-type: application/problem+json' "$scratch/head"
  must "$1: its status is in the body" has "$body" "\"status\":$2,\"title\":\""
  must "$1: has a request id" grep -qiE '^x-request-id: [0-9a-f-]{36}' "$scratch/head"
}

# --- the four headers, one by one (contract 4.2) ---

all=("${headers[@]}")
# with OLD NEW: all headers but OLD; NEW, if given, in its place
with() {
  local header
  headers=()
  for header in "${all[@]}"; do
    [[ $header == -H || ${header,,} == "$1"* ]] || headers+=(-H "$header")
  done
  [[ -z ${2-} ]] || headers+=(-H "$2")
  ask GET /placements
  headers=("${all[@]}")
}
with authorization:
answers "no token" 403 '{"error_code":"403010","message":"Oauth token is missing."}'
for bad in 'Authorization: Basic dXNlcjpwYXNz' 'Authorization: Bearer' 'Authorization: Bearer  two' \
  'Authorization: Bearer two words' 'Authorization: token'; do
  with authorization: "$bad"
  answers "$bad" 401 '{"error_code":"401013","message":"Oauth token is not valid"}'
done
with authorization: 'authorization: bearer eyJhbGciOi.J9-_~+/a=='
must "any well-formed token will do" [ "$status" = 200 ]
with x-api-key:
answers "no API key" 403 '{"error_code":"403000","message":"Api Key is required"}'
with x-gw-ims-org-id:
answers "no organisation" 400 '{"error_code":"400003","message":"Missing header: x-gw-ims-org-id"}'
with x-sandbox-name:
answers "no sandbox" 400 '{"error_code":"400003","message":"Missing header: x-sandbox-name"}'
for name in x-api-key x-gw-ims-org-id x-sandbox-name; do
  with $name: "$name;" # curl's way to send an empty one
  must "an empty $name is refused like a missing one" grep -qE '"error_code":"40(3000|0003)"' <<<"$body"
done
for bad in 'two words' '-dev' 'dev/prod' "dev'; DROP TABLE objects; --" '../dev' "$(printf 'a%.0s' {1..300})"; do
  with x-sandbox-name: "x-sandbox-name: $bad"
  answers "sandbox ${bad:0:20}" 400 '"error_code":"400003"'
done
must "a gateway's error is JSON" grep -qi '^content-type: application/json' "$scratch/head"
must "a gateway's error has a request id" grep -qi '^x-request-id: ' "$scratch/head"
ask GET /placements -H 'x-request-id: my-own.id_1'
must "the caller's own request id comes back" grep -qi $'^x-request-id: my-own.id_1\r' "$scratch/head"

# --- paths and methods ---

for path in /nothing /placements/ //placements /placements/a/b /offers/ /OFFERS /offers/../placements/x/y ''; do
  ask GET "$path" --path-as-is
  problem "GET '$path'" 404 'there is nothing at this path'
done
ask GET "http://127.0.0.1:$port/"
problem "GET / of the host" 404 'the service is below /data/core/dps'
ask GET "http://127.0.0.1:$port/data/core/dpsx/placements"
problem "a path that only begins alike" 404 'nothing at this path'
ask GET "/placements/none"
problem "an unknown id" 404 "there is no placement with the id 'none' in sandbox 'dev'"
ask GET "/placements/a%20b"
problem "an id with a space" 400 'holds a space'
ask GET /offers
problem "no offer-type" 400 'the parameter offer-type is missing'
ask GET '/offers?offer-type=best'
problem "an unknown offer-type" 400 'offer-type'
for method in PUT PATCH DELETE FOO OPTIONS; do
  ask $method /placements
  problem "$method on a collection" 405 'this path takes GET, POST'
  must "$method on a collection: Allow says what goes" grep -qi $'^allow: GET, POST\r' "$scratch/head"
done
for method in POST PUT; do
  ask $method /placements/offerPlacement1234
  problem "$method on an object" 405 'this path takes DELETE, GET, PATCH'
  must "$method on an object: Allow says what goes" grep -qi $'^allow: DELETE, GET, PATCH\r' "$scratch/head"
done
for query in limit=0 limit=-1 limit=1001 limit=x limit=; do
  ask GET "/placements?$query"
  problem "$query" 400 'limit must be a whole number from 1 to 1000'
done

# --- bodies ---

# refused WHAT STATUS WORDS BODY
refused() {
  ask POST "$offers" --data-binary "$4"
  problem "$1" "$2" "$3"
}
refused "no body" 400 'the body is not JSON' ''
refused "half a body" 400 'line 1, column 9' '{"name":'
refused "a word" 400 'the body is not JSON' 'name'
refused "two values" 400 'the body is not JSON' '{} {}'
refused "a comma too many" 400 'the body is not JSON' '{"name":"a",}'
refused "an array" 400 'must be a JSON object' '[]'
refused "a number" 400 'must be a JSON object' '1'
refused "invalid UTF-8" 400 'the body is not JSON' $'{"name":"caf\xe9"}'
refused "very deep nesting" 400 'the body is not JSON' "$(printf '[%.0s' {1..20000})"
refused "an empty object" 422 '"path":"representations"' '{}'
refused "another status" 422 '"path":"status"' '{"name":"a","status":"on","representations":[]}'
refused "an unknown placement" 422 'representations[1].placement' '{"name":"a","status":"draft",
  "representations":[{"channel":"https://ns.adobe.com/xdm/channel-types/web","placement":"none",
  "components":[{"type":"imagelink","format":"image/png","deliveryURL":"https://example.com/a.png"}]}]}'
plain=("${headers[@]/Content-Type: application\/json/Content-Type: text/plain}")
run curl -sS --noproxy '*' --max-time 5 "${plain[@]}" -d '{}' "$url$offers"
must "another media type is refused" has "$out" '"detail":"A valid content-type must be specified"'
ask PATCH /placements/offerPlacement1234 -d '{"name":"x"}'
problem "a patch that is no array" 400 'must be a JSON array of RFC 6902 operations'
ask PATCH /placements/offerPlacement1234 -d '[{"op":"replace","path":"/etag","value":9}]'
problem "a patch of what the service gives" 422 'etag'

head -c 10485760 /dev/zero | tr '\0' ' ' >"$scratch/big"
printf '{"name":"a","description":"%s"}' "$(head -c 3000000 /dev/zero | tr '\0' x)" >"$scratch/long"
ask POST "$offers" --data-binary "@$scratch/big"
problem "10 MB" 413 'the body is larger than the local library takes'
ask POST "$offers" --data-binary "@$scratch/big" -H 'Transfer-Encoding: chunked'
problem "10 MB in chunks" 413 'the body is larger than the local library takes'
ask POST "$offers" --data-binary "@$scratch/long"
must "a description of 3 MB is refused" [ "$status" = 413 -o "$status" = 422 ]

# --- what no HTTP client sends ---

# raw BYTES: the first line that comes back. The server may hang up before all is written.
trap '' PIPE
raw() {
  exec 7<>"/dev/tcp/127.0.0.1/$port"
  printf "$1" >&7 2>/dev/null
  IFS= read -r -t 5 line <&7 || line=closed
  exec 7>&-
}
raw 'nonsense\r\n\r\n'
must "a line that is no request is answered with 4xx, or hung up on" grep -qE '^(HTTP/1\.[01] 4|closed)' <<<"$line"
raw 'GET / HTTP/9.9\r\n\r\n'
must "another protocol is answered with an error, or hung up on" grep -qE '^(HTTP/1\.[01] [45]|closed)' <<<"$line"
raw 'POST /data/core/dps/placements HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}'
must "a negative length is answered with 4xx, or hung up on" grep -qE '^(HTTP/1\.[01] 4|closed)' <<<"$line"
raw "GET /$(printf 'a%.0s' {1..70000}) HTTP/1.1\r\nHost: x\r\n\r\n"
must "a path of 70 KB is answered with 4xx, or hung up on" grep -qE '^(HTTP/1\.[01] 4|closed)' <<<"$line"

ask GET /placements
must "after all that a good request is served" [ "$status" = 200 ]
must "after all that nothing was created" [ "$(count /placements)$(count "$offers")" = 10 ]
stop_library
must "after all that it ends as ever" [ "$code" = 143 ]
must "it has said nothing but that it stopped" [ "$(cat "$scratch"/library.*.err)" = 'dps: stopped' ]

finish
