# dps serve as a person meets it: its address, its port, its database, how it ends, and several
# clients at once. What it answers to faulty requests is test_serve_refusals.sh.
source tests/support/cli.sh
source tests/support/serve.sh
web=https://ns.adobe.com/xdm/channel-types/web
placement='{"name":"Hero","componentType":"imagelink","channel":"'$web'"}'
id_of() { sed -nE 's/.*"id":"([^"]*)".*/\1/p' <<<"$body"; }

# cannot WHAT WORDS OPTIONS: dps serve ends with code 2 and these words, and prints no address
cannot() {
  local what=$1 words=$2
  shift 2
  run timeout -s KILL 5 "$DPS" serve "$@"
  must "$what: exit code 2" [ "$code" = 2 ]
  must "$what: says \"$words\"" has "$err" "$words"
  must "$what: no address is printed" [ -z "$out" ]
}

# --- the address and the port ---

start_library
must "it starts without options but the port" [ -n "$url" ]
must "standard output is the address on one line, and nothing else" [ "$out" = "$url" ]
must "standard error is silent when it is no terminal" [ -z "$err" ]
must "the port is a free one, not 0" [ "$port" -gt 1023 ]
cannot "a port that is taken" "port $port on 127.0.0.1 is taken; choose another with --port" --port "$port"
for bad in x -1 65536 99999999999999999999 1.5 1e3 0x10 ' 80' '80 ' '' nan inf; do
  cannot "--port=$bad" "\"$bad\" is no port" --port="$bad"
done
cannot "an unknown option" "unknown option '--prot'"$'\n'"Did you mean '--port'?" --prot 1
cannot "--port without a number" "'--port' requires an argument" --port
cannot "a word too many" 'too many arguments' 8080
run curl -sS --noproxy '*' --max-time 2 "http://[::1]:$port/"
must "it listens on 127.0.0.1 only" [ "$code" = 7 ]

# --- sandboxes ---

ask POST /placements -d "$placement"
must "a placement is created" [ "$status" = 201 ]
mine=$(id_of)
must "its id is like Adobe's" grep -qE '^dps:offer-placement:[0-9a-f]{16}$' <<<"$mine"
in_stage=("${headers[@]/x-sandbox-name: dev/x-sandbox-name: stage}")
run curl -sS --noproxy '*' --max-time 5 "${in_stage[@]}" -w '%{http_code}' "$url/placements/$mine"
must "another sandbox does not find it" has "$out" '"status":404'
run curl -sS --noproxy '*' --max-time 5 "${in_stage[@]}" "$url/placements"
must "another sandbox does not list it" lacks "$out" "$mine"
must "another sandbox is born with the documents' placement" has "$out" '"id":"offerPlacement1234"'
run curl -sS --noproxy '*' --max-time 5 "${in_stage[@]}" -X DELETE -w '%{http_code}' "$url/placements/offerPlacement1234"
must "another sandbox deletes its own" [ "$out" = 200 ]
must "and not this one's" [ "$(count /placements)" = 2 ]
ask GET "/placements/$mine"
must "this sandbox finds it" [ "$status" = 200 ]
stop_library
must "SIGTERM ends it with code 143" [ "$code" = 143 ]
must "SIGTERM ends it within a second ($took ms)" [ "$took" -lt 1000 ]

start_library --empty
must "another library takes another port, or the same one again" [ -n "$url" ]
must "--empty leaves the documents' placement out" [ "$(count /placements)" = 0 ]
stop_library INT
must "SIGINT ends it with code 130" [ "$code" = 130 ]
must "SIGINT ends it within a second ($took ms)" [ "$took" -lt 1000 ]

# --- the database ---

db=$scratch/a.db
start_library --db "$db"
ask POST /placements -d "$placement"
mine=$(id_of)
ask PATCH "/placements/$mine" -d '[{"op":"replace","path":"/name","value":"Hero 2"}]'
must "a placement is updated" [ "$status" = 200 ]
ask GET "/placements/$mine"
before=$body
must "its etag has grown" has "$before" '"etag":2'
other=$url one=$library
start_library --db "$db"
must "another dps serve can share the database" [ -n "$url" ]
ask GET "/placements/$mine"
must "what the first one wrote, the other one reads" [ "$body" = "$before" ]
for ((i = 0; i < 20; i++)); do
  ask POST "$([ $((i % 2)) = 0 ] && echo "$url" || echo "$other")/placements" -d "$placement"
  must "two that share a database both write (write $i)" [ "$status" = 201 ]
done
run "$DPS" run --local --local-db "$db" <(echo 'local n = 0 for _ in dps.list_placements() do n = n + 1 end print(n)')
must "dps run --local-db shares it too, and sees all of it" [ "$out" = 22 ]
stop_library
url=$other library=$one
must "the first one has all of it" [ "$(count /placements)" = 22 ]
stop_library
start_library --db "$db"
must "a database is opened again after a stop" [ -n "$url" ]
ask GET "/placements/$mine"
must "the object is as it was, etag and dates included" [ "$status" = 200 -a "$body" = "$before" ]
ask DELETE "/placements/$mine"
must "it can be deleted" [ "$status" = 200 ]
{ stop_library KILL; } 2>/dev/null # bash itself says that it was killed
start_library --db "$db"
must "a database is opened again after a kill" [ -n "$url" ]
ask GET "/placements/$mine"
must "what was deleted before the kill stays deleted" [ "$status" = 404 ]
stop_library

mkdir "$scratch/folder"
echo 'these are my notes, and no database' >"$scratch/notes.txt"
cp "$scratch/notes.txt" "$scratch/notes.copy"
cannot "a folder" "database $scratch/folder can't be used" --port 0 --db "$scratch/folder"
cannot "another kind of file" "$scratch/notes.txt can't be used: it is not a database" --port 0 --db "$scratch/notes.txt"
must "another kind of file is left as it was" cmp -s "$scratch/notes.txt" "$scratch/notes.copy"
cannot "a folder that does not exist" "database $scratch/none/a.db can't be used" --port 0 --db "$scratch/none/a.db"
cannot "an empty name" 'name of the database file is empty' --port 0 --db ''
if [ "$(id -u)" != 0 ]; then
  chmod 444 "$db"
  cannot "a database that may not be written" "database $db can't be used" --port 0 --db "$db"
  chmod 644 "$db"
fi
if type -P sqlite3 >/dev/null; then
  sqlite3 "$scratch/other.db" 'CREATE TABLE objects (a); INSERT INTO objects VALUES (1)'
  cannot "another program's database" "database $scratch/other.db can't be used" --port 0 --db "$scratch/other.db"
  must "another program's database is left as it was" [ "$(sqlite3 "$scratch/other.db" 'SELECT * FROM objects')" = 1 ]
  mkfifo "$scratch/hold"
  sqlite3 "$db" <"$scratch/hold" >"$scratch/holder" 2>&1 &
  holder=$!
  exec 9>"$scratch/hold"
  echo 'BEGIN EXCLUSIVE; SELECT 1;' >&9
  for ((i = 0; i < 200; i++)); do [ -s "$scratch/holder" ] && break; sleep 0.02; done
  began=${EPOCHREALTIME/./}
  cannot "a database that sqlite3 has locked" "database $db can't be used" --port 0 --db "$db"
  must "it does not wait for long" [ $(((${EPOCHREALTIME/./} - began) / 1000)) -lt 3000 ]
  exec 9>&-
  wait "$holder"
  start_library --db "$db"
  must "it opens once the lock is gone" [ -n "$url" ]
  stop_library
fi

# --- many at once ---

start_library
seq 50 | sed "s|.*|url = \"$url/placements\"|" >"$scratch/urls"
run curl -sS --noproxy '*' --max-time 20 -K "$scratch/urls" "${headers[@]}" -X POST -d "$placement" \
  --parallel --parallel-immediate --parallel-max 50 -w '\n'
must "50 creates at once all come back" [ "$(grep -oE '"id":"dps:offer-placement:[0-9a-f]{16}"' <<<"$out" | wc -l)" = 50 ]
must "50 creates at once have 50 ids" [ "$(grep -oE '"id":"[^"]*"' <<<"$out" | sort -u | wc -l)" = 50 ]
must "all 50 are there" [ "$(count /placements)" = 51 ]

exec 7<>"/dev/tcp/127.0.0.1/$port" 8<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /data/core/dps/placements HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"na' >&7
printf 'GET /data/core/dps/pla' >&8
began=${EPOCHREALTIME/./}
for ((i = 0; i < 10; i++)); do ask POST /placements -d "$placement"; done
must "clients that hang in the middle of a request hold up nobody" [ "$status" = 201 ]
must "ten calls beside them are quick" [ $(((${EPOCHREALTIME/./} - began) / 1000)) -lt 15000 ]
must "half a request creates nothing" [ "$(count /placements)" = 61 ]
stop_library
must "it ends within a second while clients hang ($took ms)" [ "$took" -lt 1000 ]
must "it ends with the signal's code while clients hang" [ "$code" = 143 ]
exec 7>&- 8>&-

finish
