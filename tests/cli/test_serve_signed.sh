# dps serve --verify-key: signed writes are let in, all else is refused with one reason, in the
# answer and in the journal; its own answers can be signed.
source tests/support/cli.sh
source tests/support/serve.sh
cp tests/vectors/signed/keys/* "$scratch" && chmod 600 "$scratch"/*.pem "$scratch"/*.bin
cd "$scratch" || exit
placement='{"name":"Hero","componentType":"imagelink","channel":"https://ns.adobe.com/xdm/channel-types/web"}'
printf %s "$placement" >body.json

# lines METHOD TARGET BODY-FILE SIGN-ARGS...: the header lines of a signature, in signature.txt
lines() {
  local method=$1 target=$2 file=$3 header
  shift 3
  {
    printf '%s %s HTTP/1.1\n' "$method" "$target"
    printf 'Host: 127.0.0.1:%s\n' "$port"
    for header in "${headers[@]}"; do [[ $header == -H ]] || printf '%s\n' "$header"; done
    printf '\n'
    cat "$file"
  } >unsigned.http
  "$DPS" sign --scheme http "$@" unsigned.http >signature.txt 2>sign.err
}
base=/data/core/dps
# post WHAT SIGN-ARGS...: a placement with a signature
post() {
  lines POST $base/placements body.json "$@"
  ask POST /placements --data-binary @body.json -H @signature.txt
}
# refused WHAT REASON: of the last answer
refused() {
  must "$1: 401" [ "$status" = 401 ]
  must "$1: $2, in the gateway's form" grep -qE '^\{"error_code":"401090","message":"Signature is not accepted: '"$2"' \(.*\)","reason":"'"$2"'"\}$' <<<"$body"
  must "$1: $2 in the journal" [ "$(tail -n 1 journal | sed -nE 's/.*"signature":"([^"]*)".*/\1/p')" = "$2" ]
}

ed=(--key ed25519.pem --keyid job-1)
start_library --verify-key job-1=ed25519.pub --verify-key job-2=secret.bin --journal journal \
  --answer-key answers=p256.pem
must "dps serve starts with keys" [ -n "$url" ]

# --- what is let in ---

post "${ed[@]}"
must "a signed write is let in" [ "$status" = 201 ]
must "the journal says so, and who it was" grep -qE '"keyid":"job-1".*"signature":"valid".*"status":201' journal
post --key secret.bin --keyid job-2
must "a write signed with a shared secret is let in" [ "$status" = 201 ]
ask GET /placements
must "a read needs no signature" [ "$status" = 200 ]
lines PATCH $base/placements/offerPlacement1234 <(printf '[]') "${ed[@]}"
ask PATCH /placements/offerPlacement1234 -d '[]' -H @signature.txt
must "a signed update is let in" [ "$status" = 200 ]
lines DELETE $base/placements/offerPlacement1234 /dev/null "${ed[@]}"
ask DELETE /placements/offerPlacement1234 -H @signature.txt
must "a signed delete without a body is let in" [ "$status" = 200 ]

# --- and what is not ---

before=$(count /placements)
post "${ed[@]}"
ask POST /placements --data-binary @body.json -H @signature.txt
refused "the same again" replay
ask POST /placements -d "$placement"
refused "no signature" missing
must "what is wanted is said (RFC 9421, section 5.1)" grep -qi '^accept-signature: sig=("@method" "@target-uri" "authorization" "content-digest");created;keyid;nonce;tag="fapi-2-request"' head
ask DELETE /placements/none
refused "no signature on a delete" missing
lines POST $base/placements body.json "${ed[@]}"
ask POST /placements -d "${placement/Hero/Villain}" -H @signature.txt
refused "another body" digest-mismatch
lines POST $base/placements body.json "${ed[@]}"
ask POST '/placements?x=1' --data-binary @body.json -H @signature.txt
refused "another target" bad-signature
lines POST $base/placements body.json "${ed[@]}"
others=("${headers[@]/x-sandbox-name: dev/x-sandbox-name: prod}")
own=("${headers[@]}") headers=("${others[@]}")
ask POST /placements --data-binary @body.json -H @signature.txt
headers=("${own[@]}")
refused "another sandbox" bad-signature
post --key ed25519.pem --keyid job-9
refused "an unknown key" unknown-key
post --key p256.pem --keyid job-1
refused "another key under a known name" bad-signature
post "${ed[@]}" --created $(($(date +%s) - 301))
refused "an old one" expired
post "${ed[@]}" --created $(($(date +%s) + 60))
refused "one from the future" not-yet-valid
post "${ed[@]}" --expires 1 --created $(($(date +%s) - 2))
refused "one that has expired" expired
post "${ed[@]}" --profile custom --components '@method @path authorization content-digest' --tag fapi-2-request
refused "too little covered" component-missing
post "${ed[@]}" --profile custom --components '@method @target-uri authorization content-digest' --tag other
refused "another tag" tag
post "${ed[@]}" --profile custom --components '@method @target-uri authorization content-digest' --tag fapi-2-request --params 'created tag'
refused "no keyid" parameter-missing
ask POST /placements --data-binary @body.json -H 'Signature-Input: a=("@method"' -H 'Signature: a=:AA==:'
refused "a broken header" malformed
two=(--profile custom --components '@method @target-uri authorization content-digest' --tag fapi-2-request --params 'created keyid tag')
post "${ed[@]}" "${two[@]}"
must "without a nonce it is let in" [ "$status" = 201 ]
ask POST /placements --data-binary @body.json -H @signature.txt
refused "without a nonce the same signature is let in once" replay
sed -E 's/^(Signature[^ ]*: *)[a-z0-9]+=/\1other=/' signature.txt >renamed.txt
must "the label is another" [ "$(grep -c ' other=' renamed.txt)" = 2 ]
ask POST /placements --data-binary @body.json -H @renamed.txt
refused "under another label it is the same signature" replay
post "${ed[@]}"
must "after all that a good request is let in" [ "$status" = 201 ]
must "what was refused has created nothing" [ "$(count /placements)" = $((before + 3)) ]
must "the journal is one JSON object a line" [ "$(json_lines journal)" = "$(wc -l <journal)" ]
must "no token and no key is in the journal" lacks "$(cat journal)" any-token

# --- answers are signed ---

lines POST $base/placements body.json "${ed[@]}"
sed '/^$/,$d' unsigned.http >asked.http
{ cat signature.txt; printf '\n'; cat body.json; } >>asked.http
ask POST /placements --data-binary @body.json -H @signature.txt -i
printf '%s' "$body" >answer.http
run "$DPS" verify --key answers=p256.pub --scheme http --request asked.http answer.http
must "the answer's signature is valid" [ "$code" = 0 ]
must "it covers the request that it answers" has "$out" "\"@target-uri\";req: $url/placements"
must "it covers the signature of that request" has "$out" '"signature";req: '
must "it covers the status" has "$out" '"@status": 201'
sed 's/Hero/Zero/; s/"etag":1/"etag":2/' answer.http >forged.http
run "$DPS" verify --key answers=p256.pub --scheme http --request asked.http forged.http
must "an answer that was changed is not valid" has "$out" '(digest-mismatch)'

# --- what curl itself shows of it ---

lines POST $base/placements body.json "${ed[@]}"
curl -v -sS --noproxy '*' --max-time 10 "${headers[@]}" -H @signature.txt --data-binary @body.json \
  "$url/placements" >shown.txt 2>&1
run "$DPS" verify --key job-1=ed25519.pub --scheme http --body body.json shown.txt
must "the request of curl -v is valid" [ "$code" = 0 ]
run "$DPS" verify --key answers=p256.pub --scheme http --body <(cat body.json) --response shown.txt
must "a body of another message is not the answer's" has "$out" '(digest-mismatch)'
run "$DPS" verify --key answers=p256.pub --scheme http --response shown.txt
must "the answer of curl -v is valid" [ "$code" = 0 ]

# --- dps run against it ---

point_at_library
export DPS_VERIFY_KEY=$scratch/p256.pub DPS_VERIFY_KEYID=answers
echo 'print(dps.create_placement { name = "Hero", componentType = "text", channel = "https://ns.adobe.com/xdm/channel-types/web" }.id)' >create.lua
signing=(env DPS_SIGN_KEY="$scratch/ed25519.pem" DPS_SIGN_KEYID=job-1)
run "${signing[@]}" "$DPS" run create.lua
must "dps run signs, and takes the signed answer" has "$out" dps:offer-placement:
run "${signing[@]}" DPS_VERIFY_KEY="$scratch/ed25519.pub" "$DPS" run create.lua
must "dps run does not take an answer signed by another key" has "$err" 'the answer is not validly signed'
run "$DPS" run create.lua
must "dps run without a key: says what to do" has "$err" 'what to do: requests must be signed there: set DPS_SIGN_KEY'
run "${signing[@]}" DPS_SIGN_KEYID=job-9 "$DPS" run create.lua
must "dps run with another keyid: says what to do" has "$err" 'what to do: set DPS_SIGN_KEYID to the name'
run "${signing[@]}" DPS_SIGN_KEY="$scratch/p256.pem" "$DPS" run --json create.lua
must "dps run with another key: the reason is in the JSON" has "$err" '"reason":"bad-signature"'
unset DPS_VERIFY_KEY DPS_VERIFY_KEYID
stop_library

# --- policy ---

start_library --verify-key ed25519.pub --verify-scope all --public-url https://gw.example.com/edge/ --journal journal
ask GET /placements
refused "with --verify-scope all a read needs one, too" missing
lines GET /edge$base/placements /dev/null "${ed[@]}" --scheme https
sed -i "s/^Host: .*/Host: gw.example.com/" unsigned.http
"$DPS" sign "${ed[@]}" unsigned.http >signature.txt
ask GET /placements -H @signature.txt
must "--public-url is what clients sign, and one key without an id is for any" [ "$status" = 200 ]
lines GET $base/placements /dev/null "${ed[@]}"
ask GET /placements -H @signature.txt
refused "its own address is not" bad-signature
stop_library
start_library --verify-key ed25519.pub --verify-required '@method,@path' --verify-tag mine --verify-window 5 --journal journal
post "${ed[@]}" --profile custom --components '@method @path' --tag mine
must "--verify-required and --verify-tag say what is demanded" [ "$status" = 201 ]
post "${ed[@]}" --profile custom --components '@method @path' --tag mine --created $(($(date +%s) - 8))
refused "--verify-window says how old" expired
stop_library

# cannot WHAT WORDS OPTIONS: dps serve ends with code 2 and these words
cannot() {
  local what=$1 words=$2
  shift 2
  run timeout -s KILL 20 "$DPS" serve --port 0 "$@"
  must "$what: exit code 2" [ "$code" = 2 ]
  must "$what: says \"$words\"" has "$err" "$words"
}
cannot "a key that is not there" 'the key none.pub can'"'"'t be used' --verify-key none.pub
cannot "a public key for answers" "answers can't be signed" --answer-key ed25519.pub
cannot "a secret without an id for answers" "answers can't be signed" --answer-key secret.bin
cannot "a scope that is none" '--verify-scope "x" is neither writes nor all' --verify-key ed25519.pub --verify-scope x
cannot "a window that is none" '--verify-window "x" is no number' --verify-key ed25519.pub --verify-window x
cannot "a public URL that is none" '--public-url gw.example.com is no http' --verify-key ed25519.pub --public-url gw.example.com
cannot "a policy without a key" '--verify-tag needs --verify-key' --verify-tag x
cannot "a journal that can't be written" "the journal $scratch/none/j can't be written" --journal "$scratch/none/j"

finish
