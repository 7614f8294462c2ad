# dps verify: messages signed by other implementations are valid; of one that was changed it says
# which line differs, or what makes it valid again.
source tests/support/cli.sh
vectors=$PWD/tests/vectors/signed
cp "$vectors"/keys/* "$scratch" && chmod 600 "$scratch"/* && cp "$vectors"/*.http "$scratch"
cd "$scratch" || exit

# --- RFC 9421 appendix B.2 and the npm package http-message-signatures ---

for pair in rfc-b21=rsa-pss.pub rfc-b22=rsa-pss.pub rfc-b23=rsa-pss.pub rfc-b24=p256.pub \
  rfc-b25=secret.bin rfc-b26=ed25519.pub npm-ed25519=ed25519.pub npm-hmac-sha256=secret.bin \
  npm-ecdsa-p256-sha256=p256.pub npm-ecdsa-p384-sha384=p384.pub npm-rsa-pss-sha512=rsa-pss.pub \
  npm-rsa-v1_5-sha256=rsa.pub npm-parts=ed25519.pub npm-response=ed25519.pub; do
  name=${pair%=*} more=()
  [[ $name != *v1_5* ]] || more=(--alg rsa-v1_5-sha256)
  [[ $name != *response ]] || more=(--request npm-ed25519.http)
  run "$DPS" verify --key "${pair#*=}" "${more[@]}" "$name.http"
  must "$name is valid" [ "$code" = 0 ]
  must "$name: says so" grep -qE '^signature [a-z0-9-]+: valid$' out
  sed 's/^Content-Type: .*/Content-Type: text\/html\r/; s/fallback HTTP/other HTTP/; s/created=1767323045/created=1767323046/
    s/created=1618884473/created=1618884474/; s/201 Created/200 OK/' "$name.http" >changed.http
  run "$DPS" verify --key "${pair#*=}" "${more[@]}" changed.http
  must "$name, changed, is not valid" [ "$code" = 5 ]
  must "$name, changed: says so" grep -q 'NOT valid (bad-signature)' out
done

npm=npm-ed25519.http key=ed25519.pub
run "$DPS" verify --key ed25519=$key $npm
must "the base stands there line by line" has "$out" '    "x-sandbox-name": dev'
must "the token is hidden" lacks "$out" test-token
must "who signed is said" has "$out" 'key       ed25519 (ed25519)'
must "when is said" has "$out" 'created   2026-01-02T03:04:05Z'
must "that it has expired is said, and does not count" has "$out" 'it has expired by now'
must "what is not covered is said" has "$out" 'not covered, so anybody on the way may have changed it: x-api-key, content-length'
run "$DPS" verify --key $key --json $npm
of_it='d.signatures[1]'
must "--json is JSON" json out "d.valid and $of_it.valid and $of_it.notes"
must "--json names key and time" json out "$of_it.keyid == 'ed25519' and $of_it.created == 1767323045"
must "--json has the base" json out "$of_it.base[1].component .. $of_it.base[2].component == '\"@method\"\"@target-uri\"'"
must "--json has what is not covered" json out "table.concat(d.uncovered, ' ') == 'x-api-key content-length'"
must "--json hides the token" lacks "$out" test-token

# --- policy: one reason of the closed list ---

# reason WHAT REASON ARGS: exit code 5, and this reason in text and JSON
reason() {
  local what=$1 reason=$2
  shift 2
  run "$DPS" verify "$@"
  must "$what: exit code 5" [ "$code" = 5 ]
  must "$what: $reason" has "$out" "($reason)"
  must "$what: says what to do" has "$out" 'what to do: '
}
edit() { sed "$1" $npm >edited.http; }
run "$DPS" verify --key other=$key --json $npm
must "the reason is in the JSON" has "$out" '"reason":"unknown-key"'
reason "another keyid" unknown-key --key other=$key $npm
reason "another key" bad-signature --key p256.pub rfc-b26.http
reason "older than the window" expired --key $key --window 300 $npm
reason "another tag" tag --key $key --tag other $npm
reason "another label" missing --key $key --label other $npm
reason "an uncovered component" component-missing --key $key --required x-api-key $npm
reason "a list of them" component-missing --key $key --required '@method,x-api-key' $npm
reason "less than the profile" parameter-missing --key ed25519.pub --profile fapi2 rfc-b26.http
run "$DPS" verify --key $key --profile fapi2 --required '@method, "content-type"' $npm
must "what is covered passes" [ "$code" = 0 ]
edit '/^Signature-Input/d'
reason "no Signature-Input" missing --key $key edited.http
edit '/^Signature:/d'
reason "no Signature" missing --key $key edited.http
edit 's/^Signature-Input: npm=(/Signature-Input: npm=/'
reason "a broken Signature-Input" malformed --key $key edited.http
edit 's/^Signature: npm=:[A-Za-z0-9]*/&_-/'
reason "base64url" malformed --key $key edited.http
edit '/^x-sandbox-name/d'
reason "a covered header that is not there" component-absent --key $key edited.http
edit 's/"@method" "@t/"@method" "@method" "@t/'
reason "a component twice" component-invalid --key $key edited.http
edit 's/;tag=/;alg="hmac-sha256";tag=/'
reason "an alg that is not the key's" alg --key $key edited.http
edit 's/Fallback A/Fallback B/'
reason "another body" digest-mismatch --key $key edited.http

# --- what was done on the way is found again ---

# found WHAT WORDS ARGS: it says what was otherwise
found() {
  local what=$1 words=$2
  shift 2
  run "$DPS" verify --key $key "$@"
  must "$what: exit code 5" [ "$code" = 5 ]
  must "$what: finds \"$words\"" has "$out" "$words"
}
found "http for https" 'the scheme was https' --scheme http $npm
must "the line that differs is marked" has "$out" '  ! "@target-uri"'
must "both values are shown" has "$out" '  !   received: http://gateway.example.com/data/'
must "the lines that do not differ are not" has "$out" '    "x-sandbox-name": dev'
edit 's/^Host: .*/Host: 10.0.0.7:8080\r\nX-Forwarded-Host: gateway.example.com\r/'
found "another host" 'the host was gateway.example.com (as x-forwarded-host says)' edited.http
edit 's/^Host: .*/Host: gateway.example.com:443\r/'
found "a port" 'the host was gateway.example.com, without the port' edited.http
edit 's/^POST /&\/edge\/v1/'
found "a prefix" 'the path began with /data, without /edge/v1 before it' edited.http
edit 's/^POST /&\/edge/; s/^Host: .*/Host: 10.0.0.7\r\nForwarded: host=gateway.example.com;proto=https\r/'
found "scheme, host and prefix, the host" 'the host was gateway.example.com (as forwarded says)' --scheme http edited.http
must "scheme, host and prefix, the scheme" has "$out" 'the scheme was https'
must "scheme, host and prefix, the path" has "$out" 'without /edge before it'
edit 's/^POST [^?]*/&\//'
found "a slash" 'the path had no slash at its end' edited.http
edit 's/fallback HTTP/fallback\&utm=1 HTTP/'
found "a parameter more" 'the query did not have utm=1' edited.http
edit 's/^x-sandbox-name: .*/x-sandbox-name: prod\r/'
found "another sandbox" 'x-sandbox-name was dev' edited.http
edit 's/^Content-Type: .*/&; charset=utf-8\r/; s/json\r;/json;/'
found "a charset" 'content-type had no parameters' edited.http
edit 's/"name":"Fallback A",/"name": "Fallback A", /; s/^Content-Length.*/Content-Length: 45\r/'
found "JSON written anew" 'the body was without white space (as JSON.stringify writes it)' edited.http
edit 's/Fallback A/Fallback B/'
run "$DPS" verify --key $key edited.http
must "another text is not explained away" lacks "$out" 'it is valid if'
edit 's/^x-gw-ims-org-id: .*/x-gw-ims-org-id: OTHER@AdobeOrg\r/'
run "$DPS" verify --key $key edited.http
must "where nothing fits, nothing is claimed" lacks "$out" 'it is valid if'
must "and --signed is named" has "$out" "compare with the sender's own copy (--signed FILE)"
run "$DPS" verify --key $key --signed $npm edited.http
must "--signed marks the line that differs" has "$out" '  ! "x-gw-ims-org-id"'
must "--signed shows what was signed" has "$out" '  !   signed:   ORG@AdobeOrg'
must "--signed shows what came" has "$out" '  !   received: OTHER@AdobeOrg'
must "--signed marks no other line" [ "$(grep -c '^  ! "' out)" = 1 ]
run "$DPS" verify --key $key --scheme http --signed $npm $npm
must "--signed finds that the sender's scheme was another" has "$out" '  !   the scheme differs'
sed '/^Signature/d' $npm >unsigned.http
run "$DPS" verify --key $key --signed unsigned.http edited.http
must "--signed takes the sender's message before it was signed, too" has "$out" '  ! "x-gw-ims-org-id"'
edit 's/^Authorization: .*/Authorization: Bearer other-token\r/'
run "$DPS" verify --key $key --signed $npm edited.http
must "--signed compares tokens" has "$out" 'the values (hidden) differ: 17 bytes were signed, 18 came'
must "--signed hides them" lacks "$out" -token
run "$DPS" verify --key $key --signed $npm --json edited.http
must "--signed in JSON" has "$out" '{"component":"\"authorization\"","how":"the values (hidden) differ'

# A signer that ends the base with a line end, made with openssl.
params='("@method" "@path");created=1767323045;keyid="x"'
printf '"@method": GET\n"@path": /\n"@signature-params": %s\n' "$params" >wrong.base
openssl pkeyutl -sign -inkey ed25519.pem -rawin -in wrong.base -out wrong.sig
printf 'GET / HTTP/1.1\nHost: a\nSignature-Input: s=%s\nSignature: s=:%s:\n\n' "$params" \
  "$(base64 -w0 <wrong.sig)" >wrong.http
found "a signer's mistake" 'puts a line end behind the last line of the base' wrong.http
printf '"@method": GET\n"@path": /\n"@signature-params": %s' "$params" >der.base
openssl dgst -sha256 -sign p256.pem -out der.sig der.base
printf 'GET / HTTP/1.1\nHost: a\nSignature-Input: s=%s\nSignature: s=:%s:\n\n' "$params" \
  "$(base64 -w0 <der.sig)" >der.http
key=p256.pub found "ECDSA in DER" 'writes the ECDSA signature in DER' der.http

printf 'GET / HTTP/1.1\nHost: a\nSignature: keyId="x",algorithm="hmac-sha256",headers="date",signature="YQ=="\n\n' >draft.http
reason "the old draft" missing --key $key draft.http
must "the old draft is recognized" has "$out" 'Signature has the form of the expired draft-cavage'

# --- bad input ---

# refused WHAT WORDS ARGS: exit code 2 and these words
refused() {
  local what=$1 words=$2
  shift 2
  run "$DPS" verify "$@"
  must "$what: exit code 2" [ "$code" = 2 ]
  must "$what: says \"$words\"" has "$err" "$words"
  must "$what: prints nothing" [ -z "$out" ]
}
refused "no key" 'a key is needed to verify with' $npm
refused "a key that is not there" 'none.pem' --key none.pem $npm
refused "a message that is not there" "none.http can't be read" --key $key none.http
refused "no key at all in the file" "the key npm-parts.http can't be used" --key npm-parts.http --alg ed25519 $npm
cp ed25519.pem open.pem && chmod 644 open.pem
refused "a private key that others can read" 'open.pem' --key open.pem $npm
refused "another algorithm" 'rsa-v1_5-sha256' --key $key --alg rsa-v1_5-sha256 $npm
refused "a file without a name" "the name of a key's file is empty" --key other= $npm
openssl genpkey -algorithm ed25519 -aes256 -pass pass:opens -out locked.pem
refused "an encrypted key" 'the public half will do: openssl pkey -in key.pem -pubout' --key locked.pem $npm
refused "a window that is none" '--window "soon"' --key $key --window soon $npm
refused "a profile that is none" 'there is no profile "x"' --key $key --profile x $npm
refused "a request where none goes" '--request is given, but the message is no response' --key $key --request $npm $npm
refused "a response where there is none" 'the capture shows no response' --key $key --response $npm
refused "no message at all" "missing argument 'MESSAGE'" --key $key

finish
