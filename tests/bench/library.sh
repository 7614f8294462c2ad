# Part of scripts/bench --library: tests/bench/library.lua against a local library of 10,000 offers.
# measured ARGS: a run of library.lua; prints its figures as "name value" lines
measured() {
  DPS_BASE_URL=$base "${client_core[@]}" "$root/build/dps" run "$root/tests/bench/library.lua" "$@" |
    tr -d '{}"' | tr ',:' '\n '
}

# library_rows TITLE ARGS: as many rounds as asked for; the first is for warming up
library_rows() {
  local title=$1 i
  shift
  for ((i = 0; i <= rounds; i++)); do
    figures=$(measured "$@") || return 1
    ((i == 0)) || awk '{ of[$1] = $2 } END { print of["count"] / of["seconds"], of["cpu_seconds"] * 1e6 / of["count"], of["early_kb"] + 0, of["late_kb"] + 0 }' <<<"$figures"
  done | awk -v title="$title" "$statistics"'
    { n = NR; rate[n] = $1; cpu[n] = $2; early[n] = $3; late[n] = $4 }
    END {
      printf "  %-34s %-26s %-22s", title, spread("%.0f", rate, n), spread("%.1f", cpu, n)
      if (early[1]) printf " %.1f after 1,000, %.1f after all", median(early, n) / 1024, median(late, n) / 1024
      print ""
    }'
}

in_library() {
  local offers=10000
  echo "a library of $offers offers: medians of $rounds rounds with (least..most)"
  library || return 0
  measured fill $offers 32 >/dev/null || return 1
  printf '  %-34s %-26s %-22s %s\n' '' 'per second' 'CPU of dps each, us' 'Lua memory, MB'
  library_rows 'listed, 50 to a page' list 50
  library_rows 'listed, 500 to a page' list 500
  library_rows 'ensured unchanged, one at a time' ensure 1000 1
  library_rows 'ensured unchanged, 32 in flight' ensure 1000 32
  stop_server
}
