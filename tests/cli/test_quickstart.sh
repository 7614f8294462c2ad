# scripts/quickstart: one command to an offer that curl can see, and nothing left running.
source tests/support/cli.sh

if [[ $DPS_BUILD != "$PWD/build" ]]; then
  echo "quickstart uses build/ alone, and this is $DPS_BUILD"
  exit 0
fi

run scripts/quickstart
must "it succeeds" [ "$code" = 0 ]
must "nothing is complained about" [ -z "$err" ]
must "it shows the id of an offer" has "$out" '"dps:fallback-offer:'
url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' <<<"$out" | head -1)
must "it says where the library is" [ -n "$url" ]
run curl -s --max-time 5 --noproxy '*' "$url/"
must "the library is stopped (curl cannot connect)" [ "$code" = 7 ]

finish
