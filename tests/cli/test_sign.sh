# dps sign: a captured message signed by hand, with the bytes of published vectors; what can't be
# signed is refused with what to do.
source tests/support/cli.sh
vectors=$PWD/tests/vectors/signed
cp "$vectors"/keys/* "$scratch" && chmod 600 "$scratch"/*
cd "$scratch" || exit
ed=ed25519.pem

printf '%s\n' 'POST /data/core/dps/offers?offer-type=fallback HTTP/1.1' 'Host: gateway.example.com' \
  'Authorization: Bearer test-token' 'Content-Type: application/json' \
  'x-gw-ims-org-id: ORG@AdobeOrg' 'x-sandbox-name: dev' '' >head.txt
{ cat head.txt && printf '{"name":"Fallback A","rank":{"priority":0}}'; } >request.http
at=(--created 1735689600 --nonce AAECAwQFBgcICQoLDA0ODw==)

# --- the vector of a request such as dps sends, made with the RFC's keys by another program ---

run "$DPS" sign --key $ed --keyid test-key-ed25519 "${at[@]}" --scheme https request.http
must "a request is signed" [ "$code" = 0 ]
must "ed25519: the bytes of the vector" has "$out" \
  'Signature: dps=:5uORCR4zKyeHKFc4xDxSEEyXRny5wfPmfxLqAJfcw+VMV0dfgjtpUM6te2+PTqM3c+8WVnhgaGWzQp+g+wy8CA==:'
must "Content-Digest is made" has "$out" 'Content-Digest: sha-256=:kAJ0IfjHqe9AH0qXMo5v+aXbhKMktujBLhYsghEKA/c=:'
must "three header lines and nothing else" [ "$(wc -l <"$scratch/out")$err" = 3 ]
run "$DPS" sign --key secret.bin --keyid test-shared-secret "${at[@]}" request.http
must "hmac-sha256: the bytes of the vector" has "$out" \
  'Signature: dps=:Mz5W/Z0JAWI89zVTW6Q9auu52YARlqKyLabMSKNPfGU=:'

run "$DPS" sign --key $ed --keyid test-key-ed25519 "${at[@]}" --explain request.http
must "--explain shows the base" has "$err" '"@target-uri": https://gateway.example.com/data/core/dps/offers?offer-type=fallback'
must "--explain shows the parameters" has "$err" '"@signature-params": ("@method" "@target-uri"'
must "--explain hides the token" lacks "$err" test-token
must "--explain keeps the header lines clean" [ "$(wc -l <"$scratch/out")" = 3 ]
run "$DPS" sign --key $ed --json request.http
must "--json is JSON" json out "#d.headers == 3 and d.base[1].component == '\"@method\"'"
must "--json hides the token" lacks "$out" test-token

# --- components, labels, whole messages ---

run "$DPS" sign --key $ed --components '@method @authority @path "@query-param";name="offer-type"' \
  --params 'created keyid' --label mine "${at[@]}" request.http
must "--components says what is covered" has "$out" \
  'Signature-Input: mine=("@method" "@authority" "@path" "@query-param";name="offer-type");created=1735689600;keyid='
run "$DPS" sign --key $ed --message request.http
must "--message prints the whole message" has "$out" $'\r\n\r\n{"name":"Fallback A"'
cp out whole.http
run "$DPS" verify --key ed25519.pub --window 60 whole.http
must "and that message verifies" [ "$code" = 0 ]
run "$DPS" sign --key $ed whole.http
must "a label that is there already is refused" has "$err" 'has a signature "dps" already'
run "$DPS" sign --key p256.pem --keyid other --label second --message whole.http
cp out both.http
run "$DPS" verify --key ed25519.pub --key other=p256.pub both.http
must "two signatures stand side by side" grep -q 'signature second: valid' out
run bash -c "\"$DPS\" sign --key $ed - <request.http"
must "- is standard input" [ "$code" = 0 ]
must "- is signed" has "$out" 'Signature: dps=:'
run env DPS_SIGN_KEY=$ed DPS_SIGN_KEYID=from-env "$DPS" sign request.http
must "what dps run takes from the environment, dps sign takes too" has "$out" 'keyid="from-env"'

sed 's/^/> /' head.txt >curl.txt
run "$DPS" sign --key $ed curl.txt
must "what curl -v shows can be signed" has "$out" 'Signature: dps=:'
sed 's/^> $/> Content-Length: 43\n> /' curl.txt >curl2.txt
run "$DPS" sign --key $ed curl2.txt
must "without the body it is refused" [ "$code" = 2 ]
must "and says how to give it" has "$err" 'give the exact body with --body FILE'
printf '{"name":"Fallback A","rank":{"priority":0}}' >body.json
run "$DPS" sign --key $ed --keyid test-key-ed25519 "${at[@]}" --body body.json curl2.txt
must "--body gives it" has "$out" 'dps=:5uORCR4zKyeHKFc4xDxSEEyXRny5wfPmfxLqAJfcw+'

# --- bad input ---

# refused WHAT WORDS ARGS: exit code 2, these words, what to do, nothing on standard output
refused() {
  local what=$1 words=$2
  shift 2
  run "$DPS" sign "$@"
  must "$what: exit code 2" [ "$code" = 2 ]
  must "$what: says \"$words\"" has "$err" "$words"
  must "$what: prints no header" [ -z "$out" ]
}
refused "no key" 'a key is needed to sign with' request.http
refused "no message" "missing argument 'MESSAGE'" --key $ed
refused "a file that is not there" 'none.http can'"'"'t be read: No such file or directory' --key $ed none.http
refused "a folder" "can't be read: Is a directory" --key $ed .
refused "an empty file" 'line 1: there is no message' --key $ed /dev/null
refused "no HTTP" 'body.json: line 1: ' --key $ed body.json
refused "a key that is not there" 'No such file' --key none.pem request.http
refused "a public key" "can't sign" --key ed25519.pub request.http
chmod 644 secret.bin
refused "a secret that others can read" 'secret.bin' --key secret.bin --keyid x request.http
chmod 600 secret.bin
refused "a secret without an id" '--keyid (DPS_SIGN_KEYID) is not set' --key secret.bin request.http
openssl genpkey -algorithm ed25519 -aes256 -pass pass:opens -out locked.pem
refused "an encrypted key" 'set DPS_SIGN_PASSPHRASE in the environment' --key locked.pem --keyid x request.http
run env DPS_SIGN_PASSPHRASE=opens "$DPS" sign --key locked.pem --keyid x request.http
must "an encrypted key with its passphrase signs" [ "$code" = 0 ]
refused "a label that is none" '--label: "A B" is no label' --key $ed --label 'A B' request.http
must "a label that is none: says what to do" has "$err" 'what to do: correct this option'
refused "a profile that is none" '--profile: "nope" is none of' --key $ed --profile nope request.http
refused "a tag in fapi2" '--tag (DPS_SIGN_TAG) means nothing' --key $ed --tag x request.http
refused "a component that is no name" 'request' --key $ed --components '@nonsense' request.http
refused "a component that is not there" '"x-none" is not in the message' --key $ed --components x-none request.http
refused "a time that is none" '--created "soon" is no number' --key $ed --created soon request.http
refused "a nonce with a quote's control" 'nonce' --key $ed --nonce $'a\nb' request.http
refused "a scheme that is none" '--scheme ftp is neither' --key $ed --scheme ftp request.http
refused "a URL that is none" '--url /a is no absolute URL' --key $ed --url /a request.http
sed '/^Host/d' request.http >hostless.http
refused "no Host" 'the message has no Host' --key $ed hostless.http
must "no Host: says what to do" has "$err" '--url https://host/path'
run "$DPS" sign --key $ed --url 'https://gateway.example.com/data/core/dps/offers?offer-type=fallback' \
  --keyid test-key-ed25519 "${at[@]}" hostless.http
must "--url says what the message does not" has "$out" 'dps=:5uORCR4zKyeHKFc4xDxSEEyXRny5wfPmfxLqAJfcw+'
sed '/^Authorization/d' request.http >bare.http
refused "fapi2 without a token" '"authorization" is not in the message' --key $ed bare.http

# --- what a capture of curl -v says, and what is told where it does not ---

printf '%s\n' '* Connected to 127.0.0.1 (127.0.0.1) port 18123 (#0)' '> POST /data/core/dps/tags HTTP/1.1' \
  '> Host: 127.0.0.1:18123' '> Authorization: Bearer t' '> Content-Length: 12' '> ' '} [12 bytes data]' \
  '< HTTP/1.1 201 Created' '< Content-Length: 132' '< ' '{ [132 bytes data]' >curl.txt
printf '{"name":"x"}' >body.json
run "$DPS" sign --key $ed --body body.json --explain curl.txt
must "curl without TLS: the scheme is http" has "$err" '"@target-uri": http://127.0.0.1:18123/data/core/dps/tags'
must "curl: neither the answer's length nor the scheme is noted" lacks "$err" note:
printf '{"name":"xyz"}' >long.json
run "$DPS" sign --key $ed --body long.json curl.txt
must "a body of another length is noted" has "$err" \
  'note: long.json has 14 bytes where Content-Length says 12'
run "$DPS" sign --key $ed request.http
must "an assumed scheme is noted" has "$err" 'assumed https (--scheme)'
for option in '--scheme https' '--url https://a.example/b' '--components @method'; do
  # shellcheck disable=SC2086
  run "$DPS" sign --key $ed $option request.http
  must "$option: nothing is assumed" [ "$code$err" = 0 ]
done

finish
