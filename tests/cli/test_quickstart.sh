# scripts/quickstart: one command to an offer that curl can see, and nothing left running.
source tests/support/cli.sh

if [[ $DPS_BUILD != "$PWD/build" ]]; then
  echo "quickstart uses build/ alone, and this is $DPS_BUILD"
  exit 0
fi

# Found again in the environment of whatever it leaves running: its port may be somebody else's soon.
mark=QUICKSTART_MARK=$scratch
run env "$mark" scripts/quickstart
must "it succeeds" [ "$code" = 0 ]
must "nothing is complained about" [ -z "$err" ]
must "it shows the id of an offer" has "$out" '"dps:fallback-offer:'
url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' <<<"$out" | head -1)
must "it says where the library is" [ -n "$url" ]
must "nothing of it still runs" [ -z "$(grep -lzsF "$mark" /proc/[0-9]*/environ)" ]

finish
