-- Why a signature does not verify is found by asking: changes on the way, the usual mistakes of
-- signers, bodies laid out anew; and where nothing fits, nothing is claimed.

local lu = require "luaunit"
local diagnose = require "dps.signature.diagnose"
local nonces = require "dps.signature.nonces"
local base = require "dps.signature.base"
local support = require "support"

local T = {}

local SIGNED = '"@method": POST\n"@path": /a\n"@signature-params": ("@method" "@path");keyid="k"'
local SIGNATURE = { label = "sig", base = SIGNED, components = '("@method" "@path");keyid="k"' }
local MESSAGE = { method = "POST", target_uri = "https://gw.example.com/edge/a", headers = {},
  body = '{"a": 1}' }

local function never()
  return false
end

local function guesses(changes)
  local made = { holds = never, whole = never, bytes = never, signature = "0123456789" }
  for name, f in pairs(changes) do
    made[name] = f
  end
  return made
end

local function mistake(made_base)
  local found = diagnose.signature(MESSAGE, SIGNATURE, guesses {
    bytes = function(text)
      return text == made_base
    end,
  })
  return found and found.mistake
end

function T.test_mistakes_of_signers_are_named()
  lu.assertStrContains(mistake(SIGNED .. "\n"), "a line end behind the last line")
  lu.assertStrContains(mistake((SIGNED:gsub("\n", "\r\n"))), "with CRLF")
  lu.assertStrContains(mistake '"@method": POST\n"@path": /a', 'leaves out the last line')
  lu.assertStrContains(mistake((SIGNED:gsub("%(", "sig=("))), "writes the label into the line")
  lu.assertStrContains(mistake((SIGNED:gsub('"@signature%-params": .*$',
    '"@signature-params": keyid="k"'))), "without the list of components")
  lu.assertStrContains(mistake('@method: POST\n@path: /a\n@signature-params:'
    .. ' ("@method" "@path");keyid="k"'), "without quotes")
  lu.assertStrContains(mistake((SIGNED:gsub(": ", ":"))), "leaves out the space after the colons")
  lu.assertNil(mistake(SIGNED .. "x"))
end

function T.test_ecdsa_in_der_is_named()
  local r, s = ("\1"):rep(32), ("\2"):rep(31)
  local der = "\x30\x43\2\x20" .. r .. "\2\x1f" .. s
  local found = diagnose.signature(MESSAGE, SIGNATURE, guesses {
    signature = der,
    bytes = function(text, signature)
      return text == SIGNED and signature == r .. "\0" .. s
    end,
  })
  lu.assertStrContains(found.mistake, "in DER")
end

function T.test_bytes_that_only_look_like_der_are_none()
  for _, bytes in ipairs { "", "\x30", "\x30\x06\2\1\1", "\x30\x81", "\x30\x06\2\x7f\1\2\1\1",
    ("\x30"):rep(64), "\x30\x08\3\2\1\1\2\2\1\1" } do
    local asked = 0
    diagnose.signature(MESSAGE, SIGNATURE, guesses {
      signature = bytes,
      bytes = function(_, signature)
        asked = asked + (signature ~= bytes and 1 or 0)
        return false
      end,
    })
    lu.assertEquals(asked, 0)
  end
end

function T.test_a_changed_address_and_a_changed_body_are_found_together()
  local found = diagnose.signature(MESSAGE, SIGNATURE, guesses {
    holds = function(guess)
      return guess.target_uri == "https://gw.example.com/a"
    end,
    whole = function(guess)
      return guess.target_uri == "https://gw.example.com/a" and guess.body == '{"a":1}'
    end,
  })
  lu.assertEquals(found.changes, {
    "the path began with /a, without /edge before it",
    "the body was without white space (as JSON.stringify writes it)",
  })
  lu.assertEquals(MESSAGE.body, '{"a": 1}', "the message itself stays")
end

function T.test_nothing_is_claimed_where_nothing_fits()
  local asked = 0
  lu.assertNil(diagnose.signature(MESSAGE, SIGNATURE, guesses {
    holds = function()
      asked = asked + 1
      return false
    end,
  }))
  lu.assertTrue(asked > 10 and asked <= 4000)
  lu.assertNil(diagnose.body(MESSAGE, guesses {}))
end

function T.test_a_response_has_no_address_to_undo()
  lu.assertNil(diagnose.signature({ status = 200, headers = {}, body = "" },
    { label = "a", components = '("@status")' }, guesses {}))
end

function T.test_components_are_taken_out_of_a_list()
  local list = '("@method" "@query-param";name="a b" "x";req;sf "y";key="k");a=1'
  lu.assertEquals(base.components(list),
    { '"@method"', '"@query-param";name="a b"', '"x";req;sf', '"y";key="k"' })
  lu.assertEquals(base.components "();created=1", {})
  lu.assertEquals(base.components "", {})
end

-- Nonces ------------------------------------------------------------------------------------------

function T.test_a_nonce_is_new_once()
  local seen = nonces.new()
  lu.assertEquals(seen:see("a", 10, 20), "new")
  lu.assertEquals(seen:see("b", 10, 20), "new")
  lu.assertEquals(seen:see("a", 20, 30), "seen")
  lu.assertEquals(seen:see("a", 21, 30), "new", "its time is over")
  lu.assertEquals(seen:see("a", 22, 30), "seen")
end

function T.test_their_number_has_a_ceiling()
  local seen = nonces.new(2)
  lu.assertEquals({ seen:see("a", 1, 5), seen:see("b", 1, 9), seen:see("c", 1, 9) },
    { "new", "new", "full" })
  lu.assertEquals(seen:see("b", 1, 9), "seen")
  lu.assertEquals(seen:see("c", 6, 9), "new", "a has made room")
  lu.assertEquals(seen:see("d", 6, 9), "full")
end

support.run(T)
