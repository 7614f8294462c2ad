"""What offers.lua does, with csv, datetime and zoneinfo: python3 tests/bench/offers.py FILE ZONE."""
import csv
import re
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

CHANNELS = "https://ns.adobe.com/xdm/channel-types/"
COLUMNS = {"name", "placement", "channel", "type", "format", "url", "language", "start_date",
           "end_date", "priority", "status"}
CHANNEL = re.compile(r"https://ns\.adobe\.com/xdm/channel-types/\w[\w.-]*", re.A)
FORMAT = re.compile(r"\w+/[-.\w]+(?:\+[-.\w]+)?", re.A)
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-\w{1,8})*", re.A)
URL = re.compile(r"https?://\w[\w.-]*(?:[/?#][!-~]*)?", re.A)
NO_ID = re.compile(r"[/?#\s\x00-\x1f]")
TYPES, STATUSES = {"html", "text", "imagelink", "json"}, {"draft", "approved"}

path, zone = sys.argv[1], ZoneInfo(sys.argv[2])


def typed(row):
    for name, value in row.items():
        if value == "":
            raise ValueError(name)
    row["priority"] = int(row["priority"])
    row["start_date"] = datetime.fromisoformat(row["start_date"]).replace(tzinfo=zone)
    row["end_date"] = datetime.fromisoformat(row["end_date"]).replace(tzinfo=zone)
    return row


def offer_of(row):
    return {
        "name": row["name"],
        "status": row["status"],
        "representations": [{
            "channel": CHANNELS + row["channel"],
            "placement": row["placement"],
            "components": [{"type": row["type"], "format": row["format"],
                            "deliveryURL": row["url"], "language": [row["language"]]}],
        }],
        "rank": {"priority": row["priority"]},
        "selectionConstraint": {"startDate": row["start_date"], "endDate": row["end_date"]},
    }


def component_is_good(component):
    return (component["type"] in TYPES and FORMAT.fullmatch(component["format"])
            and URL.fullmatch(component["deliveryURL"])
            and all(LANGUAGE.fullmatch(language) for language in component["language"]))


def representations_are_good(representations):
    seen = set()
    for one in representations:
        placement = one["placement"]
        if placement == "" or NO_ID.search(placement) or placement in seen:
            return False
        seen.add(placement)
        if not CHANNEL.fullmatch(one["channel"]) or not one["components"]:
            return False
        if not all(component_is_good(component) for component in one["components"]):
            return False
    return len(representations) > 0


def is_good(offer):
    name, constraint = offer["name"], offer["selectionConstraint"]
    return (name != "" and name == name.strip() and offer["status"] in STATUSES
            and representations_are_good(offer["representations"])
            and offer["rank"]["priority"] >= 0
            and constraint["startDate"] < constraint["endDate"])


count = written = total = 0
with open(path, newline="", encoding="utf-8") as file:
    reader = csv.DictReader(file)
    if set(reader.fieldnames) != COLUMNS:
        sys.exit("columns")
    for row in reader:
        offer = offer_of(typed(row))
        if not is_good(offer):
            sys.exit(f"line {reader.line_num}")
        constraint = offer["selectionConstraint"]
        written += len(constraint["startDate"].isoformat(timespec="milliseconds"))
        written += len(constraint["endDate"].isoformat(timespec="milliseconds"))
        count, total = count + 1, total + offer["rank"]["priority"]
print(count, written, total, sep="\t")
