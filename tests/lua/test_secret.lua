-- Handles: what a script can't do with one, where secrets come from, and what is refused.

local lu = require "luaunit"
local dps = require "dps"
local err = require "dps.err"
local native = require "dps.native"
local support = require "support"

local T = {}

local HIDDEN = "dps.secret: (hidden)"
local BYTES = "k7Rz-secret-Pq93"

local function handle()
  return native.secret.public(BYTES)
end

local function file(text, mode)
  local path = support.write(support.tmpdir() .. "/secret", text)
  os.execute(("chmod %s '%s'"):format(mode or "600", path))
  return path
end

local function refused(kind, words, f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "not refused")
  lu.assertTrue(err.is(e, kind), tostring(e))
  lu.assertStrContains(err.block(e), words)
  lu.assertNotStrContains(err.block(e), BYTES)
  return e
end

-- Handles -----------------------------------------------------------------------------------------

function T.test_a_handle_shows_nothing_of_itself()
  local secret = handle()
  lu.assertEquals(tostring(secret), HIDDEN)
  lu.assertEquals(("%s"):format(secret), HIDDEN)
  lu.assertEquals(type(secret), "userdata")
  lu.assertFalse(getmetatable(secret))
  lu.assertError(setmetatable, secret, {})
end

function T.test_a_handle_is_no_value_to_compute_with()
  local secret = handle()
  for name, use in pairs {
    concat = function() return secret .. "" end, concat_left = function() return "" .. secret end,
    length = function() return #secret end, index = function() return secret.bytes end,
    assign = function() secret.bytes = 1 end, call = function() return secret() end,
    less = function() return secret < handle() end, less_text = function() return secret < "z" end,
    sub = function() return string.sub(secret, 1, 1) end,
    byte = function() return string.byte(secret) end,
    pack = function() return string.pack("z", secret) end,
    each = function() return next(secret) end,
    join = function() return table.concat { secret } end, add = function() return secret + 1 end,
    write = function() return io.stdout:write(secret) end,
    load = function() return load(secret) end,
    json = function() return assert(require("cjson").encode(secret)) end,
  } do
    local ok, e = pcall(use)
    lu.assertFalse(ok, name)
    lu.assertNotStrContains(tostring(e), BYTES)
  end
  lu.assertNil((debug.getuservalue(secret, 1)))
end

function T.test_a_handle_is_equal_to_itself_alone()
  local secret = handle()
  lu.assertTrue(secret == secret)
  lu.assertFalse(secret == handle())
  lu.assertFalse(secret == BYTES)
  lu.assertNil(({ [handle()] = 1 })[secret])
end

function T.test_a_handle_is_no_json()
  for _, value in ipairs { { token = handle() }, { { handle() } }, { handle() } } do
    local text, why, path = dps.json.encode(value)
    lu.assertNil(text)
    lu.assertStrContains(why, "userdata")
    lu.assertNotNil(path)
  end
  local e = refused("invalid", "components[1].deliveryURL", dps.create_fallback, {
    name = "x", status = "draft",
    representations = { { channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "p",
      components = { { type = "imagelink", format = "image/png", deliveryURL = handle() } } } },
  })
  lu.assertNotStrContains(tostring(e), BYTES)
end

function T.test_is_knows_handles()
  lu.assertTrue(dps.secret.is(handle()))
  for _, other in ipairs { BYTES, 1, {}, io.stdout, dps.null } do
    lu.assertFalse(dps.secret.is(other))
  end
  lu.assertFalse(dps.secret.is(nil))
end

-- What the metatable's own functions do, for who gets at them by debug: wipe, and hide.
function T.test_a_closed_handle_is_empty_and_refused()
  local secret = handle()
  debug.getmetatable(secret).__gc(secret)
  lu.assertEquals(tostring(secret), HIDDEN)
  lu.assertErrorMsgContains("has been closed", native.secret.is_token, secret)
  lu.assertError(debug.getmetatable(secret).__gc, {})
end

-- Sources -----------------------------------------------------------------------------------------

local function is(secret, text)
  local http = native.http { token = secret } -- what takes one: its answer would show the bytes
  lu.assertNotNil(http)
  lu.assertTrue(dps.secret.is(secret))
  lu.assertEquals(native.secret.is_token(secret), text:find "^[%w-]+$" ~= nil)
end

function T.test_a_secret_from_a_file_loses_its_line_end()
  is(dps.secret.from_file(file(BYTES .. "\n")), BYTES)
  is(dps.secret.from_file(file(BYTES, "400")), BYTES)
end

function T.test_files_are_refused_with_what_is_wrong_and_where()
  local from = dps.secret.from_file
  refused("refused", "mode 0644", from, file(BYTES, "644"))
  refused("refused", "mode 0640", from, file(BYTES, "640"))
  refused("refused", "it is empty", from, file "")
  refused("refused", "nothing but line ends", from, file "\r\n\n")
  refused("refused", "larger than 64 KiB", from, file(BYTES:rep(1 << 16)))
  refused("refused", "it is a directory", from, support.tmpdir())
  refused("refused", "/nowhere: No such file or directory", from, "/nowhere")
  local e = refused("refused", "it is no regular file", from, "/dev/null")
  lu.assertStrContains(e.where, "test_secret.lua:")
  for _, wrong in ipairs { "", "a\0b", 1, {}, false } do
    refused("invalid", "needs the path of a file", from, wrong)
  end
end

function T.test_a_secret_from_a_command_loses_its_line_end_and_meets_no_shell()
  is(dps.secret.from_command { "echo", BYTES }, BYTES)
  is(dps.secret.from_command { "sh", "-c", "echo $0", "$HOME" }, "$HOME")
end

function T.test_commands_are_refused_with_what_became_of_them()
  local from = dps.secret.from_command
  refused("refused", "sh ended with exit code 7", from,
    { "sh", "-c", "echo " .. BYTES .. "; exit 7" })
  refused("refused", "true printed nothing", from, { "true" })
  refused("refused", "nothing but line ends", from, { "echo" })
  refused("refused", "can't be started: No such file", from, { "dps-no-such-command", BYTES })
  refused("refused", "printed more than 64 KiB", from, { "cat", "/dev/zero" })
  local before = native.monotonic()
  refused("refused", "without an end", from, { "sleep", "50", timeout = 0.1 })
  lu.assertTrue(native.monotonic() - before < 5)
  for _, wrong in ipairs { "true", 1, {}, { 1 }, { "" }, { "a\0b" }, { "true", timeout = "soon" },
    { "true", timeout = 0 }, { "true", timeout = 4000 } } do
    refused("invalid", "from_command", from, wrong)
  end
end

function T.test_a_secret_from_the_environment_is_taken_once()
  refused("refused", "is not set", dps.secret.from_env, "DPS_SECRET_NONE")
  refused("invalid", "needs the name", dps.secret.from_env, "")
  is(dps.secret.from_env "PATH", os.getenv "PATH")
  local script = support.write(support.tmpdir() .. "/env.lua", [[
    local secret = dps.secret.from_env "DPS_SECRET_GATEWAY"
    print(secret, os.getenv "DPS_SECRET_GATEWAY", io.popen("env"):read "a")
    print(io.open("/proc/self/environ"):read "a")
    print(pcall(dps.secret.from_env, "DPS_SECRET_EMPTY"))]])
  local got = support.run_dps({ "run", script },
    { env = { DPS_SECRET_GATEWAY = BYTES, DPS_SECRET_EMPTY = "", DPS_CLIENT_SECRET = BYTES,
      DPS_SIGN_PASSPHRASE = BYTES } })
  lu.assertEquals(got.code, 0, got.stderr)
  lu.assertStrContains(got.stdout, HIDDEN .. "\tnil")
  lu.assertStrContains(got.stdout, 'the secret "DPS_SECRET_EMPTY" is not set')
  lu.assertNotStrContains(got.stdout, BYTES)
  lu.assertNotStrContains(got.stdout, "DPS_SECRET_GATEWAY=")
end

support.run(T)
