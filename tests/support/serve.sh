# Sourced after cli.sh by tests that need a local Offer Library in a process of its own:
#
#   start_library --db "$scratch/a.db"     url, port and library (a process id) are set
#   ask POST "/offers?offer-type=fallback" -d "$offer"
#   must 'an offer is created' [ "$status" = 201 ]
#
# Every library that still runs at the end of the test is stopped.
declare -A libraries=() # process id -> its number
started=0
trap 'stop_all; rm -rf "$scratch"' EXIT
# A gateway's four headers, and the media type that every write needs.
headers=(-H 'Authorization: Bearer any-token' -H 'x-api-key: key' -H 'x-gw-ims-org-id: o@AdobeOrg'
  -H 'x-sandbox-name: dev' -H 'Content-Type: application/json')
body='' status=''

stop_all() {
  local pid
  for pid in "${!libraries[@]}"; do
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
}

# start_library OPTIONS: on a free port; returns 1 when it did not start
start_library() {
  local log=$scratch/library.$((++started)) i
  : >"$log.out"
  "$DPS" serve --port 0 "$@" >"$log.out" 2>"$log.err" </dev/null &
  library=$! url='' port=''
  libraries[$library]=$started
  for ((i = 0; i < 400; i++)); do
    url=$(grep -m1 -xE 'http://127\.0\.0\.1:[0-9]+/data/core/dps' "$log.out") && break
    kill -0 "$library" 2>/dev/null || break
    sleep 0.025
  done
  port=${url##*:} port=${port%%/*}
  out=$(<"$log.out") err=$(<"$log.err")
  [[ $url ]]
}

# stop_library [SIGNAL]: code is the library's exit code, took how long it needed in milliseconds
stop_library() {
  local began=${EPOCHREALTIME/./}
  kill -"${1-TERM}" "$library"
  wait "$library"
  code=$?
  unset "libraries[$library]"
  took=$(((${EPOCHREALTIME/./} - began) / 1000))
}

# point_at_library: what a person exports who works with the library that runs
point_at_library() {
  export DPS_BASE_URL=$url DPS_SANDBOX=dev DPS_IMS_ORG=o@AdobeOrg DPS_API_KEY=key
  export DPS_ACCESS_TOKEN=any-token
}

# ask METHOD TARGET CURL-ARGS: below the base URL, or anywhere with a whole address
ask() {
  local method=$1 target=$2
  shift 2
  [[ $target == http* ]] || target=$url$target
  body=$(curl -sS --noproxy '*' --max-time 10 -X "$method" "${headers[@]}" "$@" \
    -D "$scratch/head" -w '\n%{http_code}' "$target" 2>"$scratch/curl.err")
  status=${body##*$'\n'} body=${body%$'\n'*}
  code=$status out=$body err=$(<"$scratch/curl.err")
}

# count COLLECTION: how many objects it says there are
count() {
  ask GET "$1"
  sed -nE 's/.*"total":([0-9]+).*/\1/p' <<<"$body"
}
