-- Secrets that a script hands to a client of its own: handles are taken, texts are not.

local lu = require "luaunit"
local badserver = require "badserver"
local dps = require "dps"
local err = require "dps.err"
local native = require "dps.native"

local T = {}

local TOKEN, SECRET = "my-own-token-0123456789", "p8e-my-own-secret-0123"

local function client(server, options)
  options.base_url, options.sandbox = options.base_url or server:base "echo", "dev"
  options.ims_org = "O@AdobeOrg"
  return dps.client(options)
end

local function echo(of)
  return of.request { method = "GET", path = "/x" }
end

T.test_a_client_takes_a_token_of_its_own = badserver.with(function(server)
  local seen = echo(client(server,
    { access_token = native.secret.public(TOKEN), api_key = "k" }))
  lu.assertEquals(seen.headers.authorization, "Bearer " .. ("*"):rep(#TOKEN))
end)

T.test_a_client_takes_a_client_secret_of_its_own = badserver.with(function(server)
  local ok, e = pcall(echo, client(server, {
    client_id = "cid", client_secret = native.secret.public(SECRET), scopes = "openid",
    token_url = server:base "echo", -- whose answer is no token, but the log tells of the form
  }))
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, "no access_token")
  lu.assertEquals(server:log()[1].body_bytes,
    #("grant_type=client_credentials&client_id=cid&client_secret=" .. SECRET .. "&scope=openid"))
end)

function T.test_a_text_is_no_secret()
  for _, name in ipairs { "access_token", "client_secret" } do
    for _, wrong in ipairs { TOKEN, 5, true, {} } do
      local ok, e = pcall(dps.client, { sandbox = "dev", [name] = wrong })
      lu.assertFalse(ok)
      lu.assertTrue(err.is(e, "invalid"), tostring(e))
      lu.assertStrContains(e.message, name .. " must be a secret, such as dps.secret.from_file")
      lu.assertNotStrContains(err.block(e), TOKEN)
    end
  end
end

T.test_a_token_that_is_none_is_named = badserver.with(function(server)
  local ok, e = pcall(echo, client(server,
    { access_token = native.secret.public("Bearer " .. TOKEN), api_key = "k" }))
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, "the access_token of dps.client can't be used")
  lu.assertNotStrContains(err.block(e), TOKEN)
end)

require("support").run(T)
