-- dps.secret: handles of tokens, keys and passwords. A script can keep a handle and pass it on to
-- what takes one; it can't read it, print it, join it to a text, compare it to a guess or write it
-- as JSON. The bytes are read, kept and wiped in C.

local native = require "dps.native"
local err = require "dps.err"
local value = require "dps.config.value"

---Handles of tokens, keys and passwords. A script can keep a handle and pass it on to what takes
---one; it can't read it, print it, join it to a text, compare it to a guess or write it as JSON.
---@class dps.secret
local secret = {}

local SECONDS = 30

---A handle: tostring gives "dps.secret: (hidden)", whatever it is.
---@class dps.Secret: userdata

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

local function check_text(given, name, example)
  if type(given) ~= "string" or given == "" or given:find "%z" then
    err.misuse(("%s needs %s"):format(name, example))
  end
end

---A secret from an environment variable. Those that dps knows as secrets (DPS_ACCESS_TOKEN ...),
---and all whose names begin with DPS_SECRET_, were taken out of the environment when `dps run`
---started: this is the only way to them, and commands that a script starts don't get them. Other
---variables stay where they are; in a stock Lua (require "dps") these do too, and os.getenv shows
---them. Raises kind "refused" when it is not set, or empty.
---@param name string  such as "DPS_SECRET_GATEWAY"
---@return dps.Secret
function secret.from_env(name)
  check_text(name, "secret.from_env", 'the name of a variable, such as "DPS_SECRET_GATEWAY"')
  local handle = native.secret.env(name)
  if not handle then
    refuse(("the secret %s is not set"):format(value.show(name)),
      "set that variable in the environment of dps")
  end
  return handle
end

---A secret from a file, without the line end after it. Raises kind "refused" when the file is not
---there, is empty, is larger than 64 KiB or no regular file, and when anybody but its owner can
---read or write it.
---@param path string  from the folder that dps was started in
---@return dps.Secret
function secret.from_file(path)
  check_text(path, "secret.from_file", "the path of a file")
  local handle, why = native.secret.file(path)
  if not handle then
    refuse("the secret can't be used: " .. why, "mend the file named above and run it again")
  end
  return handle
end

---A secret that a command prints, without the line end after it, such as a password manager's:
---secret.from_command{ "pass", "show", "adobe/token" }. No shell is involved: the first word is
---the program, looked up in PATH, and the others are its arguments as they are. It has no standard
---input; its standard error is that of dps. Everything waits until it has ended. Raises kind
---"refused" when it can't be started, ends with another exit code than 0, prints nothing or more
---than 64 KiB, or takes longer than `timeout` seconds (30 when not said): then it is ended, with
---all that it started.
---@param words { [integer]: string, timeout: number? }  the program and its arguments; `timeout` in
---  seconds, at most 3600
---@return dps.Secret
function secret.from_command(words)
  if type(words) ~= "table" then
    err.misuse 'secret.from_command needs a list of words, such as { "pass", "show", "adobe" }'
  end
  local list, fault = value.command(table.move(words, 1, #words, 1, {}))
  if not list then
    err.misuse("secret.from_command: the list " .. fault)
  end
  local seconds, wrong = value.seconds(words.timeout or SECONDS)
  if not seconds or seconds > 3600 then
    err.misuse("secret.from_command: timeout: " .. (wrong or "at most 3600 seconds"))
  end
  local handle, why = native.secret.command(list, seconds)
  if not handle then
    refuse("the secret can't be had: " .. why, "run that command by hand to see what it needs")
  end
  return handle
end

---Whether a value is a handle.
---@param given any  what is asked about
---@return boolean
function secret.is(given)
  return native.secret.is(given)
end

return secret
