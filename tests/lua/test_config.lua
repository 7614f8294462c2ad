-- Settings: precedence, profiles, every refusal, and what a call cannot do without.

local lu = require "luaunit"
local config = require "dps.config"
local err = require "dps.err"
local json = require "dps.json"
local support = require "support"

local T = {}

local ADOBE = "https://platform.adobe.io/data/core/dps"
local PATH = "/users/ana/.config/dps/config.json"

-- A world without a machine: variables, and one profile file as text or as a table.
local function world(env, profiles, path)
  env = env or {}
  if env.HOME == nil then env.HOME = "/users/ana" end
  return function(name)
    return env[name] or nil
  end, function(wanted)
    if not profiles or wanted ~= (path or PATH) then return nil, "No such file or directory" end
    return type(profiles) == "string" and profiles or json.encode(profiles)
  end
end

local function load(flags, env, profiles, path)
  local getenv, read_file = world(env, profiles, path)
  return config.load { flags = flags, env = getenv, read_file = read_file }
end

local function refused(expected, ...)
  local ok, e = pcall(load, ...)
  lu.assertFalse(ok, "not refused")
  lu.assertTrue(err.is(e, "refused"), tostring(e))
  lu.assertStrContains(e.message, expected)
  return e.message
end

-- Precedence --------------------------------------------------------------------------------------

function T.test_without_anything_there_are_the_defaults()
  local settings = load()
  lu.assertEquals(settings.base_url, ADOBE)
  lu.assertEquals(settings.timeout, 60)
  lu.assertEquals(settings.connect_timeout, 10)
  lu.assertEquals(settings.source.timeout, "default")
  for _, setting in ipairs(config.settings) do
    if setting.default == nil then
      lu.assertNil(settings[setting.name])
      lu.assertNil(settings.source[setting.name])
    end
  end
end

function T.test_flag_beats_environment_beats_profile_beats_default()
  local profiles = { stage = { sandbox = "p", ims_org = "p", api_key = "p", timeout = 7 } }
  local env = { DPS_SANDBOX = "e", DPS_IMS_ORG = "e", DPS_PROFILE = "stage" }
  local settings = load({ sandbox = "f" }, env, profiles)
  lu.assertEquals(settings.sandbox, "f")
  lu.assertEquals(settings.ims_org, "e")
  lu.assertEquals(settings.api_key, "p")
  lu.assertEquals(settings.timeout, 7)
  lu.assertEquals(settings.connect_timeout, 10)
  lu.assertEquals(settings.source.sandbox, "flag --sandbox")
  lu.assertEquals(settings.source.ims_org, "DPS_IMS_ORG")
  lu.assertEquals(settings.source.api_key, "profile stage")
  lu.assertEquals(settings.source.connect_timeout, "default")
end

function T.test_every_setting_has_its_flag_its_variable_and_its_profile_key()
  local values = {
    base_url = "https://example.com/x", token_url = "https://example.com/y", timeout = 5,
    connect_timeout = 6, sign_profile = "custom",
    sign_alg = "ed25519", sign_scope = "all", sign_params = "created", sign_expires = 60,
    sign_digest = "sha-512", sign_gateway = "kong",
  }
  for _, setting in ipairs(config.settings) do
    local name, value = setting.name, values[setting.name] or "value"
    local given = { [name] = value, client_cert = "value", verify_key = "value" }
    local env = { [setting.env] = tostring(value), DPS_CLIENT_CERT = "value",
      DPS_VERIFY_KEY = "value" }
    local clean = setting.check(value)
    lu.assertNotNil(clean)
    lu.assertEquals(load(given)[name], clean)
    lu.assertEquals(load({}, env)[name], clean)
    lu.assertEquals(load({ profile = "a" }, {}, { a = given })[name], clean)
  end
end

function T.test_commands_are_cut_into_words_and_lists_are_taken_as_they_are()
  local name = "access_token_command"
  lu.assertEquals(load({ [name] = "pass show 'a b'" })[name], { "pass", "show", "a b" })
  lu.assertEquals(load({ [name] = { "pass", "", "*" } })[name], { "pass", "", "*" })
  refused("--access-token-command: holds \"|\"", { [name] = "a | b" })
  refused("--access-token-command: has a single quote without its end", { [name] = "a 'b" })
  refused("--access-token-command: names no command", { [name] = " " })
  refused("--access-token-command: names no command", { [name] = {} })
  refused("--access-token-command: has a word that must be a string", { [name] = { 1 } })
  refused("--access-token-command: must be a string", { [name] = true })
end

function T.test_scopes_are_a_list_or_a_text_with_commas_or_blanks()
  for _, given in ipairs { "a,b.c", " a  b.c ", "a, b.c", { "a", "b.c" } } do
    lu.assertEquals(load({ scopes = given }).scopes, "a,b.c")
  end
  refused("--scopes: names no scope", { scopes = " , " })
  refused("--scopes: must be a string", { scopes = 5 })
  refused("--scopes: has an item that is no string", { scopes = { 5 } })
  refused("is no scope", { scopes = 'a,b"c' })
  refused("is no scope", { scopes = "a,b\0" })
end

function T.test_an_empty_variable_is_not_set()
  local settings = load({}, { DPS_SANDBOX = "", DPS_TIMEOUT = "", DPS_PROFILE = "" })
  lu.assertNil(settings.sandbox)
  lu.assertEquals(settings.timeout, 60)
end

function T.test_an_empty_flag_is_refused()
  refused("--sandbox: is empty", { sandbox = "" }, { DPS_SANDBOX = "prod" })
end

function T.test_settings_are_read_only_and_can_be_listed()
  local settings = load { sandbox = "dev" }
  lu.assertFalse((pcall(function() settings.sandbox = "prod" end)))
  lu.assertFalse((pcall(function() settings.source.sandbox = "me" end)))
  local seen = {}
  for name, value in pairs(settings) do seen[name] = value end
  lu.assertEquals({ seen.sandbox, seen.base_url }, { "dev", ADOBE })
end

function T.test_unknown_flags_are_refused()
  local ok, e = pcall(load, { sandbx = "dev" })
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(e), "sandbx")
  lu.assertStrContains(tostring(e), "sandbox")
end

-- Profiles ----------------------------------------------------------------------------------------

function T.test_a_profile_is_named_by_flag_before_environment()
  local profiles = { a = { sandbox = "sa" }, b = { sandbox = "sb" } }
  lu.assertEquals(load({ profile = "a" }, { DPS_PROFILE = "b" }, profiles).sandbox, "sa")
  lu.assertEquals(load({}, { DPS_PROFILE = "b" }, profiles).sandbox, "sb")
end

function T.test_the_profile_file_is_not_read_unless_a_profile_is_named()
  lu.assertEquals(load({}, {}, "this is no JSON").timeout, 60)
end

function T.test_xdg_config_home_moves_the_profile_file()
  local env = { XDG_CONFIG_HOME = "/etc/ana" }
  local profiles = { a = { sandbox = "sa" } }
  lu.assertEquals(load({ profile = "a" }, env, profiles, "/etc/ana/dps/config.json").sandbox, "sa")
  env.XDG_CONFIG_HOME = "relative"
  lu.assertEquals(load({ profile = "a" }, env, profiles).sandbox, "sa")
end

function T.test_the_profile_file_is_read_from_the_disk_when_nothing_else_is_given()
  local folder = support.tmpdir()
  os.execute("mkdir -p " .. folder .. "/dps")
  local env = function(name) return name == "XDG_CONFIG_HOME" and folder or nil end
  local given = { flags = { profile = "a" }, env = env }
  local path = folder .. "/dps/config.json"
  local ok, e = pcall(config.load, given)
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, "cannot read " .. path .. ": No such file or directory; ")
  support.write(path, "")
  ok, e = pcall(config.load, given)
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, "cannot read " .. path .. ": it is empty; ")
  support.write(path, (" "):rep(1024 * 1024 + 1))
  ok, e = pcall(config.load, given)
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, "cannot read " .. path .. ": it is too large; ")
  support.write(path, '{"a": {"sandbox": "sa"}}')
  lu.assertEquals(config.load(given).sandbox, "sa")
end

function T.test_a_profile_that_is_not_there_is_refused_with_the_names_that_are()
  local profiles = { alpha = {}, beta = {} }
  refused('--profile: there is no profile "prod" in ' .. PATH .. '; there are: "alpha", "beta"',
    { profile = "prod" }, {}, profiles)
  refused('DPS_PROFILE: there is no profile "bta" in ' .. PATH .. '; did you mean "beta"?',
    {}, { DPS_PROFILE = "bta" }, profiles)
  refused("there are none", { profile = "prod" }, {}, "{}")
end

function T.test_a_missing_profile_file_is_refused_with_its_path()
  refused("--profile: cannot read " .. PATH .. ": No such file or directory", { profile = "a" })
  refused("HOME is not set", { profile = "a" }, { HOME = false })
end

function T.test_a_profile_file_that_is_no_object_of_objects_is_refused()
  refused(PATH .. ": must be one object of profiles", { profile = "a" }, {}, "[1]")
  refused(PATH .. ": must be one object of profiles", { profile = "a" }, {}, '"a"')
  refused(PATH .. ": must be one object of profiles", { profile = "a" }, {}, "null")
  refused('profile "a" in ' .. PATH .. ": must be an object", { profile = "a" }, {}, '{"a": 1}')
  refused(PATH .. ": ", { profile = "a" }, {}, '{"a": {')
end

function T.test_a_broken_profile_file_is_refused_without_quoting_it()
  local message = refused(PATH .. ": ", { profile = "a" }, {}, '{"a": {"access_token": s3cr3t}}')
  lu.assertNotStrContains(message, "s3cr3t")
end

function T.test_secrets_in_a_profile_are_refused_and_not_shown()
  local keys = { access_token = "DPS_ACCESS_TOKEN", accessToken = "DPS_ACCESS_TOKEN",
    client_secret = "DPS_CLIENT_SECRET", CLIENT_SECRET = "DPS_CLIENT_SECRET" }
  for key, variable in pairs(keys) do
    local message = refused("secrets do not belong in this file", { profile = "a" }, {},
      { a = { sandbox = "s", [key] = "s3cr3t" } })
    lu.assertStrContains(message, variable)
    lu.assertStrContains(message, key)
    lu.assertNotStrContains(message, "s3cr3t")
  end
end

function T.test_unknown_profile_keys_are_refused_with_the_nearest_name()
  refused('unknown key "sandbx"; did you mean "sandbox"?', { profile = "a" }, {},
    { a = { sandbx = "s" } })
  refused('unknown key "colour"; there are: "base_url", "sandbox"', { profile = "a" }, {},
    { a = { colour = "red" } })
end

function T.test_a_profile_value_of_the_wrong_type_is_refused_by_key()
  local where = 'profile "a" in ' .. PATH .. ": "
  refused(where .. "sandbox: must be a string, not a number", { profile = "a" }, {},
    { a = { sandbox = 5 } })
  refused(where .. "timeout: ", { profile = "a" }, {}, { a = { timeout = true } })
  refused(where .. "sandbox: must be a string", { profile = "a" }, {}, '{"a": {"sandbox": null}}')
end

-- The base URL ------------------------------------------------------------------------------------

local function url(text)
  return load({ base_url = text }).base_url
end

function T.test_urls_that_are_kept()
  for _, text in ipairs {
    "https://platform.adobe.io/data/core/dps", "https://example.com", "https://example.com:8443/a",
    "https://[2001:db8::1]/x", "https://10.0.0.1/a%20b", "https://a-b.example/x_y~z;v=1",
    "http://127.0.0.1:8080/data/core/dps", "http://127.255.255.254", "http://127.0.0.0",
    "http://[::1]:80", "http://[::1]/x", "http://localhost", "http://localhost:1/x",
  } do lu.assertEquals(url(text), text) end
end

function T.test_scheme_and_host_are_lowered_and_trailing_slashes_removed()
  lu.assertEquals(url "HTTPS://Example.COM/Data///", "https://example.com/Data")
  lu.assertEquals(url "https://example.com/", "https://example.com")
  lu.assertEquals(url "http://LocalHost:5/", "http://localhost:5")
end

function T.test_plain_http_beyond_loopback_is_refused()
  for _, host in ipairs {
    "example.com", "127.0.0.1.evil.com", "127.0.0.1.", "localhost.evil.com", "localhost.",
    "evil-localhost", "127.1", "127.0.0.256", "127.0.0.01", "127.0.0.1.1", "0127.0.0.1",
    "128.0.0.1", "2130706433", "0x7f.0.0.1", "0.0.0.0", "10.0.0.1",
    "[::]", "[::2]", "[::ffff:127.0.0.1]",
  } do
    local text = "http://" .. host .. "/x"
    local message = refused("--base-url: uses plain http to", { base_url = text })
    lu.assertStrContains(message, "use https")
  end
end

function T.test_a_user_before_the_host_is_refused_and_not_shown()
  for _, text in ipairs { "http://localhost@evil.com", "https://ana:s3cr3t@example.com",
    "http://127.0.0.1:80@evil.com/", "https://@example.com" } do
    lu.assertNotStrContains(refused("names a user", { base_url = text }), "s3cr3t")
  end
end

function T.test_other_schemes_and_no_scheme_are_refused()
  for _, text in ipairs { "ftp://localhost", "file:///etc/passwd", "localhost:80", "//localhost",
    "https:/example.com", "httpss://example.com", "data:text", "ana:s3cr3t@example.com" } do
    lu.assertNotStrContains(refused("--base-url: must begin with", { base_url = text }), "s3cr3t")
  end
end

function T.test_a_query_or_fragment_is_refused_and_not_shown()
  for _, text in ipairs { "https://example.com/a?token=s3cr3t", "https://example.com#a",
    "https://example.com?", "http://127.0.0.1#@evil.com/", "http://127.0.0.1?@evil.com/" } do
    lu.assertNotStrContains(refused("query or a fragment", { base_url = text }), "s3cr3t")
  end
end

function T.test_characters_that_no_url_has_are_refused()
  for text, what in pairs {
    ["https://example.com/a b"] = "a blank at byte 22",
    ["https://example.com/\r\nX: 1"] = "a line break at byte 21",
    ["https://example.com/\0"] = "a NUL byte at byte 21",
    ["https://exämple.com"] = "a character that is not ASCII at byte 11",
    ["http://localhost\\@evil.com"] = "\\ at byte 17",
    [" https://example.com"] = "a blank at byte 1",
  } do refused(what, { base_url = text }) end
end

function T.test_a_host_or_port_that_is_none_is_refused()
  for _, text in ipairs { "https://", "https:///a", "https://:80", "https://%6cocalhost" } do
    refused("names no host", { base_url = text })
  end
  local rests = { ":", ":0", ":65536", ":100000", ":8o", ":80:80", ":-1", "%00.evil.com" }
  for _, rest in ipairs(rests) do
    refused("port from 1 to 65535", { base_url = "https://localhost" .. rest })
  end
  refused("port from 1 to 65535", { base_url = "http://[::1].evil.com/" })
end

function T.test_a_path_that_could_be_read_in_two_ways_is_refused()
  for _, path in ipairs { "/a%", "/a%2", "/a%zz", "/%2x/b" } do
    refused("hexadecimal", { base_url = "https://example.com" .. path })
  end
  for _, path in ipairs { "/..", "/a/../b", "/./b" } do
    refused('"." or ".."', { base_url = "https://example.com" .. path })
  end
end

function T.test_a_url_of_absurd_length_is_refused()
  refused("longer than 2048 bytes", { base_url = "https://example.com/" .. ("a"):rep(2048) })
end

-- Header values -----------------------------------------------------------------------------------

function T.test_values_that_would_break_out_of_a_header_are_refused()
  for _, name in ipairs { "sandbox", "ims_org", "api_key" } do
    for value, what in pairs {
      ["prod\r\nX-Evil: 1"] = "a line break at byte 5", ["prod\n"] = "a line break at byte 5",
      ["pr\0od"] = "a NUL byte at byte 3", ["pr\tod"] = "a control character at byte 3",
      ["pr\127od"] = "a control character at byte 3",
      ["pröd"] = "a character that is not ASCII at byte 3",
      [" prod"] = "begins or ends with a blank", ["prod "] = "begins or ends with a blank",
    } do refused(what, { [name] = value }) end
  end
end

function T.test_printable_values_are_kept_as_they_are()
  lu.assertEquals(load({ ims_org = "1234ABCD@AdobeOrg" }).ims_org, "1234ABCD@AdobeOrg")
  lu.assertEquals(load({ sandbox = "my-dev_2.x" }).sandbox, "my-dev_2.x")
end

function T.test_a_sandbox_is_its_technical_name()
  refused('"a b" is no sandbox name', { sandbox = "a b" })
end

function T.test_no_message_shows_more_than_forty_characters_of_a_value_or_anything_unprintable()
  local long = ("k"):rep(200)
  local hostile = { { sandbox = long .. "\n" }, { api_key = " " .. long }, { timeout = long },
    { ca_file = long .. "\n" }, { base_url = "http://" .. long }, { sandbox = "\27[31m\r\n" } }
  for _, flags in ipairs(hostile) do
    local message = refused("", flags)
    lu.assertNotStrContains(message, ("k"):rep(41))
    lu.assertNil(message:find "[^ -~]")
  end
end

function T.test_a_header_value_of_absurd_length_is_refused()
  refused("longer than 1024 bytes", { sandbox = ("s"):rep(1025) })
end

-- Timeouts and files ------------------------------------------------------------------------------

function T.test_timeouts_are_decimal_numbers_of_seconds()
  local good = { ["5"] = 5, ["0.5"] = 0.5, [".5"] = 0.5, ["86400"] = 86400, ["30."] = 30 }
  for text, number in pairs(good) do
    lu.assertEquals(load({}, { DPS_TIMEOUT = text, DPS_CONNECT_TIMEOUT = text }).timeout, number)
  end
end

function T.test_timeouts_that_are_none_are_refused_with_their_variable()
  for _, text in ipairs { "soon", "0", "-1", "1e3", "0x10", "inf", "nan", "5s", " 5", "86401",
    ".", "0.0001", ("9"):rep(400) } do
    refused("DPS_CONNECT_TIMEOUT: ", {}, { DPS_CONNECT_TIMEOUT = text })
    refused("DPS_TIMEOUT: ", {}, { DPS_TIMEOUT = text })
  end
  for _, value in ipairs { 0, -1, 1 / 0, 0 / 0, 86401, true, {} } do
    refused("--timeout: ", { timeout = value })
  end
end

function T.test_file_names_may_hold_any_character_but_control_ones()
  lu.assertEquals(load({ ca_file = "/etc/é è.pem" }).ca_file, "/etc/é è.pem")
  refused("--ca-file: ", { ca_file = "a\0b" })
  refused("DPS_CLIENT_CERT: ", {}, { DPS_CLIENT_CERT = "a\nb" })
end

function T.test_a_client_key_without_a_certificate_is_refused()
  refused("DPS_CLIENT_KEY is set without DPS_CLIENT_CERT", {}, { DPS_CLIENT_KEY = "key.pem" })
  lu.assertEquals(load({}, { DPS_CLIENT_CERT = "both.pem" }).client_cert, "both.pem")
end

-- What a call needs -------------------------------------------------------------------------------

local function missing(flags, has_token)
  local ok, e = pcall(config.require_target, load(flags), has_token)
  lu.assertFalse(ok)
  lu.assertTrue(err.is(e, "refused"), tostring(e))
  return e
end

function T.test_all_that_is_missing_is_told_at_once_with_the_way_to_set_it()
  local e = missing({}, false)
  for _, word in ipairs { "DPS_SANDBOX", "--sandbox", "DPS_IMS_ORG", "DPS_API_KEY",
    "DPS_ACCESS_TOKEN", "production" } do
    lu.assertStrContains(e.message, word)
    lu.assertStrContains(err.block(e), word)
  end
  lu.assertEquals(#e.problems, 4)
end

function T.test_what_is_set_is_not_called_missing()
  local e = missing({ sandbox = "s", ims_org = "o" }, true)
  lu.assertEquals(#e.problems, 1)
  lu.assertEquals(e.problems[1].path, "api_key")
  lu.assertNotStrContains(e.message, "DPS_SANDBOX")
  lu.assertNotStrContains(e.message, "DPS_ACCESS_TOKEN")
end

function T.test_nothing_missing_is_no_error()
  config.require_target(load { sandbox = "s", ims_org = "o", api_key = "k" }, true)
end

function T.test_no_secret_is_a_setting()
  for _, secret in ipairs(require "dps.config.secrets") do
    for _, setting in ipairs(config.settings) do
      lu.assertNotEquals(setting.name, secret.name)
      lu.assertNotEquals(setting.env, secret.env)
    end
  end
end

support.run(T)
