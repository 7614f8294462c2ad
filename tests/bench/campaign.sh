# For scripts/bench --campaign: what a script computes before it calls, beside the same work in
# Python's own modules. Sourced; uses timed, $statistics, $rounds, $root and $scratch from there.

campaign_rows=1000000

# A wall clock a line, every minute of three years equally often; none that daylight saving skips or
# repeats, since Python takes those without a word.
dates_file() {
  awk -v n="$campaign_rows" 'BEGIN {
    srand(5)
    for (i = 0; i < n; i++) print "@" 1704067200 + int(rand() * 1576800) * 60
  }' | date -u -f - '+%F %R' | sed -E '/-(03|10)-(2[5-9]|3[01]) 0[0-3]:/s/ 0[0-3]:/ 12:/'
}

# offers_file DATES: a row for each date, which begins four years before it ends
offers_file() {
  awk '
    BEGIN {
      print "name,placement,channel,type,format,url,language,start_date,end_date,priority,status"
      split("en-gb fr-fr de-de it-it nl-nl", languages, " ")
    }
    {
      language = languages[NR % 5 + 1]
      printf "\"Free delivery, %d\",dps:offer-placement:%016x,web,imagelink,image/png,", NR, NR % 40
      printf "https://cdn.example.com/%s/hero-%d.png,%s,%s,", language, NR, language, $0
      printf "%d%s,%d,approved\n", substr($0, 1, 4) + 4, substr($0, 5), NR % 1000
    }' "$1"
}

# versus TITLE LUA PYTHON ARG...: both programs over the same rows, in turn
versus() {
  local title=$1 lua=$2 python=$3 i dps_cost python_cost
  shift 3
  cmp <("$root/build/dps" run "$lua" "$@") <(python3 "$python" "$@") ||
    { echo "  they do not come to the same: $lua, $python" && return 1; }
  echo "$title: $campaign_rows rows, $rounds rounds"
  for ((i = 0; i < rounds; i++)); do
    dps_cost=$(timed "$root/build/dps" run "$lua" "$@")
    python_cost=$(timed python3 "$python" "$@")
    echo "$dps_cost $python_cost"
  done | awk "$statistics"'
    { n = NR; a[n] = $1; b[n] = $4; r[n] = $1 / $4; if ($3 > x) x = $3; if ($6 > y) y = $6 }
    END {
      printf "  %-8s CPU %-24s peak memory %.1f MB\n", "dps", spread("%.2f s", a, n), x / 1024
      printf "  %-8s CPU %-24s peak memory %.1f MB\n", "python3", spread("%.2f s", b, n), y / 1024
      printf "  %-8s     %s\n", "ratio", spread("%.2f", r, n)
    }'
}

campaign() {
  command -v python3 >/dev/null || { echo 'campaign: there is no python3 here' && return; }
  dates_file >"$scratch/dates"
  versus 'wall clocks read, written in their zone and in UTC (Python: zoneinfo)' \
    "$root/tests/bench/dates.lua" "$root/tests/bench/dates.py" "$scratch/dates" Europe/Paris
  offers_file "$scratch/dates" >"$scratch/offers.csv"
  versus 'CSV into checked offers, dates in their zone (Python: csv, zoneinfo)' \
    "$root/tests/bench/offers.lua" "$root/tests/bench/offers.py" "$scratch/offers.csv" Europe/Paris
}
