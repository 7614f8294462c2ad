-- Settings that are secrets. Their values never come here: main takes them out of the environment
-- and they live in C (native.secret.named). A profile that holds one is refused, whatever way the
-- name is written.

---@class dps.SecretSetting
---@field name string        as a profile might have it
---@field env string         the variable that it belongs in
---@field also string[]?     other names that people give it

---@type dps.SecretSetting[]
return {
  { name = "access_token", env = "DPS_ACCESS_TOKEN", also = { "token", "bearer" } },
  { name = "client_secret", env = "DPS_CLIENT_SECRET", also = { "secret", "clientsecrets" } },
  { name = "sign_passphrase", env = "DPS_SIGN_PASSPHRASE", also = { "passphrase" } },
}
