-- A public key, and a request that nobody has signed.
local dps = require "dps"

local key = dps.key { keyid = "job",
  text = '{ "kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs" }' }
print(key:keyid(), key:alg(), key:can_sign())

local request = { method = "POST", url = "https://example.com/hook", headers = {}, body = "{}" }
local ok, err = pcall(dps.verify, request, { keys = { key } })
print(ok, err.kind, err.reason)
print(err.hint)
