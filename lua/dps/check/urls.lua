-- Rules about addresses, by their syntax alone: nothing is fetched.

local walk = require "dps.check.walk"

local find, match = string.find, string.match

-- Names that lead nowhere by definition (RFC 2606, RFC 6761), and those of documents.
local RESERVED = { test = true, example = true, invalid = true, localhost = true, ["local"] = true }
local SAMPLES = {
  ["example.com"] = true, ["example.org"] = true, ["example.net"] = true, ["mysite.com"] = true,
  ["yoursite.com"] = true, ["yourdomain.com"] = true, ["domain.com"] = true,
}

local PRIVATE = { "^10%.", "^127%.", "^192%.168%.", "^169%.254%.", "^0%.",
  "^172%.1[6-9]%.", "^172%.2%d%.", "^172%.3[01]%." }

local function dead_host(host)
  local top = match(host, "([^.]*)%.?$")
  local site = match(host, "([^.]+%.[^.]+)$")
  if RESERVED[top] or site and SAMPLES[site] then
    return ("%s is a name for tests and samples"):format(host)
  elseif find(host, "^%d+%.%d+%.%d+%.%d+$") then
    for _, pattern in ipairs(PRIVATE) do
      if find(host, pattern) then
        return ("%s can't be reached from outside of its network"):format(host)
      end
    end
  elseif not find(host, ".", 1, true) and not find(host, "^%[") then
    return ("%s is no full host name"):format(host)
  elseif find(host, "..", 1, true) or find(host, "^[.-]") or find(host, "[.-]$") then
    return ("%s is no host name"):format(host)
  end
end

-- What is left over from putting the address together.
local LEFTOVERS = {
  { "{{", "a placeholder" }, { "}}", "a placeholder" },
  { "${", "a placeholder" }, { "<", "a placeholder" },
  { "undefined", "the word undefined" }, { "/nil", "the word nil" }, { "=nil", "the word nil" },
  { "table: 0x", "a Lua table instead of text" }, { "TODO", "the word TODO" },
}

local function dead(url)
  for _, leftover in ipairs(LEFTOVERS) do
    if find(url, leftover[1], 1, true) then
      return "it still has " .. leftover[2]
    end
  end
  local scheme, authority, rest = match(url, "^(%a[%w+.-]*)://([^/?#]*)(.*)$")
  if not scheme then
    return "it is no full address; write https://..."
  elseif find(rest, "^/+https?[:/]") then
    return "an address follows on another one"
  elseif scheme:lower() == "http" then
    return "browsers block plain http in a page that came by https"
  elseif find(url, "[.,;)]$") then
    return "it ends in punctuation"
  end
  local host = match(authority:gsub("^.*@", ""), "^%[.*%]") or match(authority:gsub("^.*@", ""),
    "^[^:]*")
  return dead_host(host:lower())
end

local function check_text(object, path, text, say)
  local told = {}
  for url in text:gmatch "[Hh][Tt][Tt][Pp][Ss]?://[^%s\"'<>\\]*" do
    local wrong = not told[url] and dead(url)
    told[url] = true
    if wrong then
      say(object, path, ("%s looks dead: %s"):format(url, wrong))
    end
  end
end

local function check_urls(plan, say)
  for _, object in ipairs(plan.objects) do
    walk.object(object, function(field, value, path)
      if field.type == "uri" and field.name ~= "channel" and type(value) == "string" then
        local wrong = dead(value)
        if wrong then
          say(object, path, ("%s looks dead: %s"):format(value, wrong))
        end
      elseif field.name == "content" and type(value) == "string" then
        check_text(object, path, value, say)
      end
    end)
  end
end

return {
  { name = "dead-url", help = "an address that leads nowhere, by its looks",
    explain = "Addresses of images and links, and those in HTML and text, are looked at, not"
      .. " fetched: sample and private hosts, plain http, placeholders that nobody filled in, two"
      .. " addresses in one.",
    check = check_urls },
}
