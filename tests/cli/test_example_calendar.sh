# The retail calendar: Black Friday begins at each country's own midnight, as date(1) has it.
source tests/support/cli.sh
example=examples/03_black_friday.lua

# utc ZONE TIME: a wall clock as the wire has it, by date(1)
utc() { date -u -d "TZ=\"$1\" $2" +%Y-%m-%dT%H:%M:%S.000+00:00; }

run "$DPS" run --local "$example" 2026
must "the calendar succeeds" [ "$code" = 0 ]
must "it has five countries" [ "$(wc -l <<<"$out")" = 5 ]
must "the day is named as people name it" has "$out" 'France          Friday 27 November 2026 00:00 CET = '
for place in 'France:Europe/Paris' 'United Kingdom:Europe/London' 'New York:America/New_York' \
  'Japan:Asia/Tokyo' 'New Zealand:Pacific/Auckland'; do
  must "${place%%:*} begins at its own midnight" \
    has "$(grep "^${place%%:*}" <<<"$out")" "= $(utc "${place#*:}" '2026-11-27 00:00')"
done

run "$DPS" run --local --dry-run --json "$example" 2027
must "a dry run of another year succeeds" [ "$code" = 0 ]
must "it announces five offers" [ "$(grep -c '"dry_run":true' <<<"$out")" = 5 ]
must "the start goes out in UTC" has "$out" "\"startDate\":\"$(utc Asia/Tokyo '2027-11-26 00:00')\""
must "the end is the last moment of Monday" \
  has "$out" "\"endDate\":\"$(utc Asia/Tokyo '2027-11-29 23:59:59' | sed 's/000+/999+/')\""

finish
