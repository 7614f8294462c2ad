# The local library as programs see it that know nothing of dps: Python's own HTTP client, and its
# jsonpatch (Debian: python3-jsonpatch) where there is one; what either makes of a patch must be the
# same. Skipped without python3.
. tests/support/cli.sh
. tests/support/serve.sh
python=/usr/bin/python3
[[ -x $python ]] || python=$(type -P python3) || { echo 'skipped: there is no python3' && exit 77; }

cat >"$scratch/client.py" <<'PY'
import copy, http.client, json, random, sys, urllib.parse
try:
    import jsonpatch
except ImportError:
    jsonpatch = None

base = urllib.parse.urlsplit(sys.argv[1])
link = http.client.HTTPConnection(base.hostname, base.port, timeout=20)
HEADERS = {"Authorization": "Bearer x", "x-api-key": "k", "x-gw-ims-org-id": "o@AdobeOrg",
           "x-sandbox-name": "dev", "Content-Type": "application/json"}

def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    link.request(method, base.path + path, data, HEADERS)
    answer = link.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None

def walk(path):
    found, pages = [], 0
    while path:
        status, page = call("GET", path)
        assert status == 200 and page["count"] == len(page["results"]), page
        found += page["results"]
        pages += 1
        path = page["_links"].get("next", {}).get("href")
    return found, pages

OFFER = {
    "name": "n", "status": "draft", "labels": ["core/C1"], "characteristics": {"a/b": "1", "m~n": "2"},
    "representations": [{"channel": "https://ns.adobe.com/xdm/channel-types/web",
                         "placement": "offerPlacement1234",
                         "components": [{"type": "html", "format": "text/html", "content": "\u00fc\U0001f600"}]}]}
OFFERS = "/offers?offer-type=fallback"
one = lambda i: "/offers/" + i + "?offer-type=fallback"
OWN = {"created", "modified", "etag", "schemas", "createdBy", "lastModifiedBy", "id"}

# --- lists: every offer once, in order, with writes between the pages ---
names = ["n%02d" % i for i in range(25)]
ids = []
for name in names:
    status, receipt = call("POST", OFFERS, dict(OFFER, name=name))
    assert status == 201, receipt
    ids.append(receipt["id"])
found, pages = walk(OFFERS + "&limit=4&orderby=name")
assert [o["name"] for o in found] == names and pages == 7, pages
found, _ = walk(OFFERS + "&limit=7")
assert sorted(o["id"] for o in found) == sorted(ids)
status, first = call("GET", OFFERS + "&limit=10&orderby=name")
call("DELETE", one(ids[9]))
call("POST", OFFERS, dict(OFFER, name="n09b"))
status, second = call("GET", first["_links"]["next"]["href"])
assert second["results"][0]["name"] == "n09b", second["results"][0]["name"]
print("lists hold")

# --- patches: the library and jsonpatch agree, on success and on failure ---
POINTERS = ["/name", "/labels", "/labels/0", "/labels/-", "/labels/1", "/labels/7", "/characteristics",
            "/characteristics/a~1b", "/characteristics/m~0n", "/characteristics/new", "/description", "/nothing/x",
            "/representations/0/components/0/content", "/representations/0/components/-", "/representations/1"]
VALUES = ["text", "core/C5", ["core/C1", "custom/x"], [], {"k": "v"},
          {"type": "text", "format": "text/plain", "content": "c"}]

LIKELY = [
    {"op": "add", "path": "/labels/-", "value": "core/C5"}, {"op": "add", "path": "/labels/0", "value": "a/b"},
    {"op": "remove", "path": "/labels/0"}, {"op": "replace", "path": "/labels/0", "value": "c/d"},
    {"op": "add", "path": "/description", "value": "new"}, {"op": "remove", "path": "/characteristics/a~1b"},
    {"op": "copy", "from": "/name", "path": "/description"}, {"op": "test", "path": "/labels/0", "value": "core/C1"},
    {"op": "move", "from": "/characteristics/m~0n", "path": "/characteristics/a~1b"},
    {"op": "copy", "from": "/labels/0", "path": "/labels/-"}, {"op": "replace", "path": "/labels", "value": []},
    {"op": "copy", "from": "/representations/0/components/0", "path": "/representations/0/components/-"},
    {"op": "replace", "path": "/representations/0/components/0/content", "value": "changed"},
]

def operation(chance):
    if chance.random() < 0.8:
        return chance.choice(LIKELY)
    op = chance.choice(["add", "remove", "replace", "move", "copy", "test"])
    result = {"op": op, "path": chance.choice(POINTERS)}
    if op in ("move", "copy"):
        result["from"] = chance.choice(POINTERS)
    elif op != "remove":
        result["value"] = chance.choice(VALUES)
    return result

def expected(document, operations):
    try:
        return jsonpatch.apply_patch(copy.deepcopy(document), copy.deepcopy(operations))
    except Exception:
        return None

def compare(chance, identity):
    _, before = call("GET", one(identity))
    document = {k: v for k, v in before.items() if k not in OWN}
    operations = [operation(chance) for _ in range(chance.randint(1, 4))]
    wanted = expected(document, operations)
    status, answer = call("PATCH", one(identity), operations)
    _, after = call("GET", one(identity))
    got = {k: v for k, v in after.items() if k not in OWN}
    if status == 200:
        assert got == wanted, (operations, document, got, wanted)
        assert after["etag"] == before["etag"] + 1
        return 1
    assert after == before, (operations, "a patch that fails leaves all as it was")
    # what is well patched may still be no offer: the library's own checks answer with a path
    assert wanted is None or answer["report"]["additionalContext"].get("problems"), (operations, document, answer)
    return 0

if jsonpatch:
    chance, taken = random.Random(6902), 0
    for _ in range(int(sys.argv[2])):
        _, receipt = call("POST", OFFERS, dict(OFFER, name="patched"))
        for _ in range(3):
            taken += compare(chance, receipt["id"])
    assert taken > int(sys.argv[2]) / 4, taken
    print("patches agree:", taken, "taken")
PY

start_library
run "$python" "$scratch/client.py" "$url" 60
must "Python's HTTP client walks lists while they change" has "$out" 'lists hold'
if "$python" -c 'import jsonpatch' 2>/dev/null; then
  must "the library and Python's jsonpatch make the same of random patches" has "$out" 'patches agree'
fi
must 'the client ends well' [ "$code" = 0 ]
stop_library
finish
