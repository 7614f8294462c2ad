-- Settings of where calls go, and how: the service, the organisation, the sandbox, and the
-- transport to them.

local value = require "dps.config.value"

---@type dps.Setting[]
return {
  { name = "base_url", env = "DPS_BASE_URL", check = value.url,
    default = "https://platform.adobe.io/data/core/dps" },
  { name = "sandbox", env = "DPS_SANDBOX", flag = "--sandbox NAME", check = value.sandbox,
    title = "sandbox", why = "other Adobe services take a missing one for production" },
  { name = "ims_org", env = "DPS_IMS_ORG", check = value.header, title = "IMS organisation" },
  { name = "api_key", env = "DPS_API_KEY", check = value.header, title = "API key" },
  { name = "item_schema", env = "DPS_ITEM_SCHEMA", check = value.header },
  { name = "timeout", env = "DPS_TIMEOUT", check = value.seconds, default = 60 },
  { name = "connect_timeout", env = "DPS_CONNECT_TIMEOUT", check = value.seconds, default = 10 },
  { name = "ca_file", env = "DPS_CA_FILE", check = value.file },
  { name = "client_cert", env = "DPS_CLIENT_CERT", check = value.file },
  { name = "client_key", env = "DPS_CLIENT_KEY", check = value.file, needs = "client_cert",
    needs_why = "a key needs its certificate" },
}
