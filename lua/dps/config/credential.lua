-- Settings of who calls: where the access token comes from, or the credential that gets one. The
-- secrets among them are in config/secrets.lua.

local value = require "dps.config.value"

---@type dps.Setting[]
return {
  { name = "access_token_file", env = "DPS_ACCESS_TOKEN_FILE", check = value.file },
  { name = "access_token_command", env = "DPS_ACCESS_TOKEN_COMMAND", check = value.command },
  { name = "credentials", env = "DPS_CREDENTIALS", check = value.file },
  { name = "client_id", env = "DPS_CLIENT_ID", check = value.header },
  { name = "client_secret_file", env = "DPS_CLIENT_SECRET_FILE", check = value.file },
  { name = "client_secret_command", env = "DPS_CLIENT_SECRET_COMMAND", check = value.command },
  { name = "scopes", env = "DPS_SCOPES", check = value.scopes },
  { name = "token_url", env = "DPS_TOKEN_URL", check = value.url,
    default = "https://ims-na1.adobelogin.com/ims/token/v3" },
  { name = "token_cache", env = "DPS_TOKEN_CACHE", check = value.file },
}
