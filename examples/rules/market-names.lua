-- Names begin with the market that they are for, such as "FR Black Friday".
-- A rule of a project: dps check --rule-file examples/rules/market-names.lua SCRIPT

---@param object dps.check.Object  resource, name, value (as it would stand), where ...
---@param report fun(path: string?, message: string)
return function(object, report)
  local is_offer = object.resource == "fallback" or object.resource == "personalized"
  if is_offer and not object.name:find "^%u%u " then
    report("name", 'begin the name with the market, such as "FR ' .. object.name .. '"')
  end
end
