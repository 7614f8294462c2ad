# The module for a stock lua5.4: require "dps" attaches an engine to somebody else's state, works
# from the main state, where nothing can yield, and goes with that state.
source tests/support/cli.sh

export LUA_CPATH="$DPS_MODULE_DIR/?.so"
preload=${DPS_PRELOAD-}

# lua CODE: as a stock lua5.4 runs it; CODE sees dps.
lua() { run env ${preload:+LD_PRELOAD="$preload"} lua5.4 -e "local dps = require 'dps' $1"; }

# holds NAME CODE: it ends well, says nothing on stderr, and prints "true" last.
holds() {
  lua "$2"
  must "$1" [ "$code/${out##*$'\n'}/$err" = 0/true/ ]
}

holds 'the module has a version' 'print(type(dps.version) == "string")'
holds 'sleep in the main state waits' '
  local native = require "dps.native"
  local before = native.monotonic()
  dps.sleep(0.02)
  print(native.monotonic() - before >= 0.02)'
holds 'tasks run while the main state waits for one' '
  local order = {}
  local function step(name) return function() dps.sleep(0) order[#order + 1] = name return name end end
  local a, b = dps.spawn(step "a"), dps.spawn(step "b")
  local result = b:wait() .. a:wait()
  print(result == "ba" and table.concat(order) == "ab")'
holds 'the error of a task is raised where it is waited for' '
  local ok, e = pcall(function() dps.spawn(error, "mine"):wait() end)
  print(not ok and e == "mine")'
holds 'JSON goes both ways' '
  print(dps.json.encode(dps.json.decode "[1,2.5,{},[]]") == "[1,2.5,{},[]]")'
holds 'a coroutine of the script blocks and works' '
  print(coroutine.wrap(function() dps.sleep(0.001) return true end)())'
holds 'a deadlock is an error' '
  local a, b
  a = dps.spawn(function() return b:wait() end)
  b = dps.spawn(function() return a:wait() end)
  print(not pcall(a.wait, a))'

export DPS_BASE_URL=http://127.0.0.1:1 DPS_SANDBOX=dev DPS_IMS_ORG=org@AdobeOrg DPS_API_KEY=key
export DPS_ACCESS_TOKEN=token-of-the-environment
holds 'a refused connection is an error object' '
  local ok, e = pcall(dps.get_fallback, "dps:fallback-offer:1")
  print(not ok and e.kind == "transport" and e.sent == "no")'
holds 'the line of the script is in an error' '
  local ok, e = pcall(dps.create_fallback, { name = 1 })
  print(not ok and e.kind == "invalid" and tostring(e):find("command line):", 1, true) ~= nil)'

# Nobody may take a variable out of a host's environment, so os.getenv shows it; the handle hides.
holds 'secrets are handles here too' '
  local secret = dps.secret.from_env "DPS_ACCESS_TOKEN"
  local other = dps.secret.from_command { "echo", "x" }
  print(tostring(secret) == "dps.secret: (hidden)" and not pcall(function() return secret .. "" end)
    and dps.json.encode { secret } == nil and getmetatable(secret) == false and secret ~= other
    and os.getenv "DPS_ACCESS_TOKEN" == "token-of-the-environment")'
holds 'a credential whose endpoint is not there is an error object' '
  local client = require "dps.client".new(require "dps.config".load { flags = { token_url = "http://127.0.0.1:1/t",
    client_id = "c", client_secret_command = { "echo", "x" } }, env = function(name)
    return name ~= "DPS_ACCESS_TOKEN" and os.getenv(name) or nil end },
    { flags = {}, quiet = true, dry_run = false, verbose = false, json = false })
  local native = require "dps.native"
  local token = native.token.new { url = "http://127.0.0.1:1/t", client_id = "c", direct = true,
    client_secret = dps.secret.from_command { "echo", "x" } }
  local outcome = token:fetch(0)
  print(client ~= nil and outcome.code == 7 and not outcome.ok and token:state() == "none")'

holds 'the functions of the host stay what they were' '
  local host = { os.exit, coroutine.resume, coroutine.wrap, coroutine.close }
  package.loaded.dps = nil
  require "dps"
  print(host[1] == os.exit and host[2] == coroutine.resume and host[3] == coroutine.wrap
    and host[4] == coroutine.close and debug.getinfo(os.exit).what == "C")'
run env ${preload:+LD_PRELOAD="$preload"} lua5.4 -e '
  local before = { os.exit, coroutine.resume, coroutine.wrap, coroutine.close, dps }
  require "dps"
  print(before[1] == os.exit and before[2] == coroutine.resume and before[3] == coroutine.wrap
    and before[4] == coroutine.close and dps == nil)'
must 'require changes no function and sets no global' [ "$code/$out/$err" = 0/true/ ]
holds 'a module loaded twice keeps its engine' '
  local http = require "dps.native".http {}
  package.loaded.dps = nil
  local again = require "dps"
  collectgarbage() collectgarbage()
  dps.sleep(0) again.sleep(0)
  print(select(2, http:request("GET", "http://127.0.0.1:1/")) == 7)'

# --- the end of the state ---

holds 'it ends with tasks asleep, ready, and waiting for each other' '
  local t = dps.spawn(dps.sleep, 1000)
  dps.spawn(function() t:wait() end)
  dps.spawn(dps.sleep, 0):wait()
  dps.spawn(print, "WRONG")
  KEEP = t
  print(true)'
must 'a task that was not started does not start at the end' lacks "$out" WRONG
holds 'it ends with requests in flight' '
  local http = require "dps.native".http { in_flight = 2 }
  for i = 1, 5 do dps.spawn(http.request, http, "GET", "http://127.0.0.1:1/") end
  dps.spawn(function() end):wait()
  print(true)'
lua '
  dps.spawn(function()
    local g <close> = setmetatable({}, { __close = function()
      print("closed", select(2, pcall(dps.sleep, 1000)).kind)
    end })
    dps.sleep(1000)
  end)
  dps.spawn(dps.sleep, 0):wait()'
must 'variables of tasks are closed at the end, and waits there cancelled' \
  [ "$code/$out/$err" = $'0/closed\tcancelled/' ]
lua 'setmetatable({}, { __gc = function() dps.sleep(0.001) print "slept" end })'
must 'a finalizer at the end may still wait' [ "$code/$out/$err" = 0/slept/ ]
lua 'dps.spawn(function()
    local g <close> = setmetatable({}, { __close = function() print "WRONG" end })
    os.exit(5, true)
  end):wait()'
must 'os.exit that closes the state works inside of a task' [ "$code/$out/$err" = 5// ]
lua 'dps.spawn(dps.sleep, 1000) dps.spawn(dps.sleep, 0):wait() error "uncaught"'
must 'an uncaught error is the host'\''s to report' [ "$code" = 1 ]
must 'and it does' has "$err" uncaught

finish
