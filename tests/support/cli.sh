# Sourced by tests/cli/test_*.sh. A test runs a command, then says what must hold:
#
#   run scripts/build nonsense          code, out and err are set
#   must 'an unknown argument is a usage error' [ "$code" = 2 ]
#   must 'it names the argument' has "$err" nonsense
#
# At the end of the file: finish. scratch is a folder of the test's own, removed at the end.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checked=0
failed=0

run() {
  timeout -k 2 50 "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
  code=$?
  out=$(<"$scratch/out")
  err=$(<"$scratch/err")
}

has() { [[ $1 == *"$2"* ]]; }
lacks() { [[ $1 != *"$2"* ]]; }

# json FILE CONDITION: the JSON in FILE, d, as a stock Lua and its cjson read it
json() { lua5.4 - "$1" <<<"local d = require 'cjson'.decode(assert(io.open(arg[1])):read 'a') assert($2)"; }

# json_lines FILE: how many lines it has, if each is JSON
json_lines() {
  lua5.4 - "$1" <<<"local n = 0
    for line in io.lines(arg[1]) do require 'cjson'.decode(line) n = n + 1 end print(n)"
}

must() {
  local name=$1
  shift
  checked=$((checked + 1))
  if ! "$@"; then
    failed=$((failed + 1))
    printf 'FAIL: %s\n  code: %s\n  out: %.2000s\n  err: %.2000s\n' "$name" "$code" "$out" "$err"
  fi
}

finish() {
  echo "$checked checked, $failed failed"
  ((checked && !failed))
  exit
}
