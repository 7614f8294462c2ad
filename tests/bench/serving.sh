# Sourced by scripts/bench --library: what the local Offer Library itself can do. Creates that are on
# the disk when they are answered, and look-ups, lists and filters in a library of few offers and of
# many. CPU is the server's own, from /proc; both cores are used, client and server beside each other.

# server_cpu: of the server that runs, in ticks
server_cpu() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }

# unpinned COMMAND...: as start_server, on any core
unpinned() {
  local pinned=("${server_core[@]}")
  server_core=()
  start_server "$@"
  server_core=("${pinned[@]}")
}

# seeds COUNT: an export with so many fallback offers, of ids o1, o2 ...
seeds() {
  awk -v n="$1" 'BEGIN {
    print "{\"format\":\"dps-library/1\",\"sandboxes\":[{\"name\":\"dev\",\"objects\":["
    print "{\"resource\":\"placement\",\"id\":\"offerPlacement1234\",\"fields\":{\"name\":\"p\",\"componentType\":\"imagelink\",\"channel\":\"https://ns.adobe.com/xdm/channel-types/web\"}}"
    for (i = 1; i <= n; i++)
      printf ",{\"resource\":\"fallback\",\"id\":\"o%d\",\"fields\":{\"name\":\"Summer campaign fallback %06d\",\"status\":\"%s\",\"description\":\"One of many in a bench\",\"labels\":[\"core/C%d\"],\"representations\":[{\"channel\":\"https://ns.adobe.com/xdm/channel-types/web\",\"placement\":\"offerPlacement1234\",\"components\":[{\"type\":\"imagelink\",\"format\":\"image/png\",\"deliveryURL\":\"https://images.example.com/%06d.png\"}]}]}}\n",
        i, i, i % 1000 ? "approved" : "archived", i % 100, i
    print "]}]}" }'
}

# creates IN_FLIGHT: a round a line, "per second, CPU of the server in us"
creates() {
  local i ticks cost
  for ((i = 0; i < rounds; i++)); do
    rm -f "$scratch"/creates.db*
    unpinned "$root/build/dps" serve --port 0 --db "$scratch/creates.db" || return 1
    ticks=$(server_cpu)
    cost=$("$tools/run_timed" 1 "$tools/raw_client" "$base/offers?offer-type=fallback" "$count" "$1" 2>&1) ||
      { echo "$cost" >&2 && return 1; }
    awk -v n="$count" -v ticks=$(($(server_cpu) - ticks)) -v hz="$(getconf CLK_TCK)" -v cost="$cost" '
      BEGIN { match(cost, /"wall":[0-9.]+/); wall = substr(cost, RSTART + 7, RLENGTH - 7)
        print n / wall, ticks / hz * 1e6 / n }'
    stop_server
  done | awk -v title="created, $1 in flight" "$statistics"'
    { a[NR] = $1; b[NR] = $2 }
    END { printf "  %-44s %-26s %s\n", title, spread("%.0f", a, NR), spread("%.0f", b, NR) }'
}

# asked TITLE COUNT QUERY...: so many requests of serving.lua; the server's CPU for each
asked() {
  local title=$1 n=$2 i ticks
  shift 2
  for ((i = 0; i <= rounds; i++)); do # the first is for warming up
    ticks=$(server_cpu)
    DPS_BASE_URL=$base "$root/build/dps" run "$root/tests/bench/serving.lua" "$n" "$size" "$@" >"$scratch/asked" ||
      return 1
    ((i == 0)) || echo "$(<"$scratch/asked") $(($(server_cpu) - ticks))"
  done | awk -v title="$title" -v n="$n" -v hz="$(getconf CLK_TCK)" "$statistics"'
    { a[NR] = n / $1; b[NR] = $2 / hz * 1e6 / n }
    END { printf "  %-44s %-26s %s\n", title, spread("%.0f", a, NR), spread("%.0f", b, NR) }'
}

serving() {
  local size seldom
  echo "the local library on its own: medians of $rounds rounds with (least..most), $count creates"
  printf '  %-44s %-26s %s\n' '' 'per second' 'CPU of the server each, us'
  creates 32 && creates 64
  for size in 100 100000; do
    seeds "$size" >"$scratch/seeds.json"
    "$root/build/dps" serve --db "$scratch/seeds.db" --reset --import "$scratch/seeds.json" --export - >/dev/null
    unpinned "$root/build/dps" serve --port 0 --db "$scratch/seeds.db" || return 0
    seldom=archived && ((size >= 1000)) || seldom=approved
    asked "looked up, of $size" 4000 get
    asked "by name, of $size" 2000 list 'property=name==Summer campaign fallback 000077'
    asked "archived or not, by status, of $size" 300 list "property=status==$seldom"
    asked "first page, of $size" 300 list
    asked "a page from the middle, by id, of $size" 300 list orderby=id 'property=id>=o5'
    asked "by a label, no index, of $size" 20 list 'property=labels==core/C7'
    asked "by a regular expression, of $size" 20 list 'property=name~.*77'
    stop_server
  done
}
