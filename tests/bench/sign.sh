# Sourced by scripts/bench --sign: what signing costs by each algorithm of RFC 9421. First dps_sign
# alone, beside libcrypto (tests/bench/sign_cost.c), then whole writes, beside those that only carry
# a bearer token. Uses compare, $rounds, $delay, $root, $tools, $scratch and $client_core from there.

# One key for each algorithm; client() takes key.ALGORITHM.
make_keys() {
  umask 077
  openssl genpkey -algorithm ed25519 -out "$scratch/key.ed25519"
  openssl rand -out "$scratch/key.hmac-sha256" 32
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/key.ecdsa-p256-sha256"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$scratch/key.ecdsa-p384-sha384"
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$scratch/key.rsa-pss-sha512"
  cp "$scratch/key.rsa-pss-sha512" "$scratch/key.rsa-v1_5-sha256"
}

sign() {
  make_keys 2>"$scratch/errors" || { cat "$scratch/errors" >&2 && return 1; }
  echo 'dps_sign beside libcrypto: sha-256 of a 700-byte body, a base with a 1000-byte token; CPU'
  "${client_core[@]}" "$tools/sign_cost" "$((rounds * 3))" "$root/tests/vectors/rfc9421/keys"
  compare null_server "signed writes, null server${delay:+, answers after $delay ms}" dps ed25519 \
    hmac-sha256 ecdsa-p256-sha256 ecdsa-p384-sha384 rsa-pss-sha512 rsa-v1_5-sha256
}
