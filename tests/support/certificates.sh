# Sourced by tests that need authorities and certificates of their own, made with openssl in the
# current folder: NAME.key and NAME.pem.
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

# authority NAME
authority() {
  openssl req -x509 "${new_key[@]}" -days 2 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem"
}

# certificate NAME AUTHORITY EXTENSION
certificate() {
  echo "$3" >"$1.ext"
  openssl req "${new_key[@]}" -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" &&
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 \
      -extfile "$1.ext" -out "$1.pem"
}
