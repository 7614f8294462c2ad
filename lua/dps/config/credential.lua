-- Settings of who calls: where the access token comes from, or the credential that gets one. The
-- secrets among them are in config/secrets.lua.

local value = require "dps.config.value"

---@type dps.Setting[]
return {
  { name = "access_token_file", env = "DPS_ACCESS_TOKEN_FILE", check = value.file,
    help = "holds the access token; read again when the service refuses it" },
  { name = "access_token_command", env = "DPS_ACCESS_TOKEN_COMMAND", check = value.command,
    help = "prints the access token; run again when the service refuses it" },
  { name = "credentials", env = "DPS_CREDENTIALS", check = value.file,
    help = "the Developer Console's JSON file of an OAuth Server-to-Server credential" },
  { name = "client_id", env = "DPS_CLIENT_ID", check = value.header,
    help = "of the credential that gets tokens" },
  { name = "client_secret_file", env = "DPS_CLIENT_SECRET_FILE", check = value.file,
    help = "holds the client secret" },
  { name = "client_secret_command", env = "DPS_CLIENT_SECRET_COMMAND", check = value.command,
    help = "prints the client secret" },
  { name = "scopes", env = "DPS_SCOPES", check = value.scopes,
    help = "what the token is for; the credential's when absent, else those of Journey Optimizer" },
  { name = "token_url", env = "DPS_TOKEN_URL", check = value.url,
    default = "https://ims-na1.adobelogin.com/ims/token/v3",
    help = "where tokens come from" },
  { name = "token_cache", env = "DPS_TOKEN_CACHE", check = value.file,
    help = "a file for the token, shared by runs that name the same one" },
}
