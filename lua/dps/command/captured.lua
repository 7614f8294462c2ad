-- What dps sign and dps verify share: a captured message from a file or standard input, the options
-- that say what a capture can't.

local capture = require "dps.capture"
local err = require "dps.err"
local message = require "dps.signature.message"

local captured = {}

local LONGEST = 64 << 20

---@type dps.command.Option[]
captured.OPTIONS = {
  { "--url", "the URL as the sender had it, instead of Host and request line", "URL", key = "url" },
  { "--scheme", "https (default) or http, where the capture does not say it", "SCHEME",
    key = "scheme" },
  { "--body", "the exact body, for captures that do not show it", "FILE", key = "body" },
  { "--request", "the request that a response answers, for components with ;req", "FILE",
    key = "request" },
  { "--response", "the response of a capture that shows both", key = "response" },
  { "--alg", "algorithm of a key that allows several, such as rsa-v1_5-sha256", "NAME",
    key = "alg" },
}

---Raises kind "refused".
---@param text string
---@param hint string
function captured.refuse(text, hint)
  err.raise { kind = "refused", message = text, hint = hint }
end

---@param name string  of a file; "-" is standard input
---@return string
function captured.read_file(name)
  local file, why
  if name == "-" then
    file = io.stdin
  else
    file, why = io.open(name, "rb")
  end
  local text = file and file:read(LONGEST + 1)
  if file and not text then
    local _, wrong = file:read(0)
    text, why = not wrong and "" or nil, wrong -- a folder opens, but can't be read
  end
  if file and name ~= "-" then
    file:close()
  end
  if not text then
    captured.refuse(("%s can't be read: %s"):format(name, tostring(why):gsub("^.-: ", "")),
      "check the name of the file; - reads standard input")
  end
  return text
end

local HINT = "give an HTTP message as it was sent: the request line, its headers, an empty line,"
  .. " the body; or what curl -v or tcpdump -A printed"

local function check_scheme(scheme)
  if scheme and scheme ~= "http" and scheme ~= "https" then
    captured.refuse(("--scheme %s is neither http nor https"):format(scheme), "write --scheme http")
  end
end

local function check_url(url)
  if url and not url:find "^%a[%w+.-]*://[^/?#]" then
    captured.refuse(("--url %s is no absolute URL"):format(url),
      "write it with its scheme and host, such as --url https://gateway.example.com/data/core/dps")
  end
end

local function read(name, options)
  local found, wrong = capture.parse(captured.read_file(name))
  local made
  if found then
    made, wrong = message.of_capture(found, options)
  end
  if not made then
    captured.refuse(("%s: %s"):format(name, wrong), wrong:find "^line" and HINT
      or "say --url https://host/path")
  end
  return made, found
end

-- What a response answers, when it stands in a file of its own.
local function add_request(made, options)
  if not options.request then
    return
  elseif not made.status then
    captured.refuse("--request is given, but the message is no response",
      "leave it out, or say --response")
  end
  made.request = read(options.request, { url = options.url, scheme = options.scheme })
  if made.request.status then
    captured.refuse(options.request .. " is no request", "give the request that was answered")
  end
end

-- A body that is given stands for the captured one, but must be as long as the headers say.
local function given_body(shown, file)
  local body = captured.read_file(file)
  local length = capture.values(shown, "content-length")[1]
  local wanted = length and math.tointeger(tonumber(length:match "^%d+$"))
  return body, wanted and wanted ~= #body
    and ("%s has %d bytes where Content-Length says %d: it is not the body of this message")
      :format(file, #body, wanted) or nil
end

local function is_scheme_assumed(shown, options)
  return not (options.url or options.scheme or shown.scheme)
    and shown.target ~= nil and shown.target:sub(1, 1) == "/"
end

---A captured message as native.verify_message and native.sign_message take it, and its notes.
---@param name string  of the file
---@param options table  of the command line
---@return table made
---@return string[] notes
---@return boolean assumed  nothing shows the scheme, so it was taken to be https
function captured.message(name, options)
  check_scheme(options.scheme)
  check_url(options.url)
  local made, found = read(name, options)
  add_request(made, options)
  local shown = made.status and found.response or found.request
  local note = shown.note
  if options.body then
    made.body, note = given_body(shown, options.body)
  elseif made.body == false then
    note = ("the capture does not show the body, so its digest is not checked:"
      .. " give it with --body FILE")
  end
  return made, { note }, is_scheme_assumed(shown, options)
end

---@param list string[]?  as given, each may hold several with commas between
---@return string[]|nil
function captured.components(list)
  if not list or #list == 0 then
    return nil
  end
  local found = {}
  for _, text in ipairs(list) do
    for one in text:gmatch "[^,]+" do
      found[#found + 1] = one:match "^%s*(.-)%s*$"
    end
  end
  return found
end

return captured
