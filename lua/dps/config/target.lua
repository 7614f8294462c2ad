-- Settings of where calls go, and how: the service, the organisation, the sandbox, and the
-- transport to them.

local value = require "dps.config.value"

---@type dps.Setting[]
return {
  { name = "base_url", env = "DPS_BASE_URL", check = value.url,
    default = "https://platform.adobe.io/data/core/dps",
    help = "the service" },
  { name = "sandbox", env = "DPS_SANDBOX", flag = "--sandbox NAME", check = value.sandbox,
    title = "sandbox", why = "other Adobe services take a missing one for production",
    help = "the technical name of Adobe's sandbox to work in" },
  { name = "ims_org", env = "DPS_IMS_ORG", check = value.header, title = "IMS organisation",
    help = "the IMS organisation; a credential's file brings its own" },
  { name = "api_key", env = "DPS_API_KEY", check = value.header, title = "API key",
    help = "the API key, which is the client id; a credential brings its own" },
  { name = "item_schema", env = "DPS_ITEM_SCHEMA", check = value.header,
    help = "the schema of your decision items: what x-schema-id says" },
  { name = "timeout", env = "DPS_TIMEOUT", check = value.seconds, default = 60,
    help = "how long a whole call may take" },
  { name = "connect_timeout", env = "DPS_CONNECT_TIMEOUT", check = value.seconds, default = 10,
    help = "how long the connection may take" },
  { name = "ca_file", env = "DPS_CA_FILE", check = value.file,
    help = "certificates that are trusted, in place of the system's (PEM)" },
  { name = "client_cert", env = "DPS_CLIENT_CERT", check = value.file,
    help = "the certificate that this client shows (PEM)" },
  { name = "client_key", env = "DPS_CLIENT_KEY", check = value.file, needs = "client_cert",
    needs_why = "a key needs its certificate",
    help = "its private key (PEM)" },
}
