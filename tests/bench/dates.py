"""What dates.lua does, with datetime and zoneinfo: python3 tests/bench/dates.py FILE ZONE."""
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

path, zone = sys.argv[1], ZoneInfo(sys.argv[2])
utc = timezone.utc
count = written = 0
with open(path) as lines:
    for line in lines:
        d = datetime.fromisoformat(line.rstrip("\n")).replace(tzinfo=zone)
        written += len(d.isoformat(timespec="milliseconds"))
        written += len(d.astimezone(utc).isoformat(timespec="milliseconds"))
        count += 1
print(count, written, sep="\t")
