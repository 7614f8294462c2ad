-- Settings that are secrets. Their values never come here: main takes them out of the environment
-- and they live in C (native.secret.named). A profile that holds one is refused, whatever way the
-- name is written.

---@class dps.SecretSetting
---@field name string        as a profile might have it
---@field env string         the variable that it belongs in
---@field help string        what it is
---@field also string[]?     other names that people give it

---@type dps.SecretSetting[]
return {
  { name = "access_token", env = "DPS_ACCESS_TOKEN", also = { "token", "bearer" },
    help = "a token that is there already, without Bearer" },
  { name = "client_secret", env = "DPS_CLIENT_SECRET", also = { "secret", "clientsecrets" },
    help = "of the credential that gets tokens" },
  { name = "sign_passphrase", env = "DPS_SIGN_PASSPHRASE", also = { "passphrase" },
    help = "of an encrypted key for signatures" },
}
