-- Which format a file of rows has: its name says it, or the script.

local err = require "dps.err"

local format = {}

local EXTENSIONS = { csv = "csv", tsv = "tsv", tab = "tsv", json = "json", jsonl = "jsonl",
  ndjson = "jsonl" }

---@alias dps.rows.Format "csv"|"tsv"|"json"|"jsonl"

---@param who string    the function's name, for messages
---@param name any      of the file
---@param given any     what the script says
---@return dps.rows.Format  raises kind "invalid" where neither says it
function format.of(who, name, given)
  local extension = type(name) == "string" and name:match "%.(%w+)$" or ""
  local kind = given or EXTENSIONS[extension:lower()]
  if not kind then
    err.misuse(("%s: the name does not tell the format; add { format = \"csv\" } (or tsv, json,"
      .. " jsonl)"):format(who))
  elseif EXTENSIONS[kind] ~= kind then
    err.misuse(('%s: unknown format "%s" (known: csv, tsv, json, jsonl)'):format(who,
      tostring(kind)))
  end
  return kind
end

---Whether it has columns of text.
---@param kind dps.rows.Format
---@return boolean
function format.is_text(kind)
  return kind == "csv" or kind == "tsv"
end

return format
