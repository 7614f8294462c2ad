-- What this run was asked for: set once by the command line before any script starts, read by the
-- default client. It holds no secret and decides nothing.

---@class dps.Run
---@field flags table<string, any>  settings given as flags (dps.config)
---@field dry_run boolean           send no write
---@field verbose boolean           a line for every request
---@field quiet boolean             errors only
---@field json boolean              JSON lines instead of text
---@field env (fun(name: string): string?)?  where settings come from; os.getenv when absent
---@field watch fun(client: dps.Client, intent: dps.Intent, id: string?, value: table?)?  sees each
---  write that a dry run does not send, and with the verb "unchanged" what ensure_ left alone
---@field row fun(source: string, line: integer)?  told by the task that works on a row of dps.each
---@field is_local boolean?          against the local library of this process, and nothing else
---@field own_credential boolean?    secrets in the environment belong to another credential
---@field client_secret userdata?   handle that replaces every other client secret
---@field token_name string?         what messages call token
---@field token userdata?           handle that replaces the access token (the local library's)
local run = { flags = {}, dry_run = false, verbose = false, quiet = false, json = false }

return run
