-- What there is to say about a field of a resource beside its type, from its description.

local function quoted(values)
  local words = {}
  for i, value in ipairs(values) do
    words[i] = "`" .. value .. "`"
  end
  return table.concat(words, " ")
end

local function later(field)
  local new, more = {}, {}
  for _, value in ipairs(field.create_enum or {}) do
    new[value] = true
  end
  for _, value in ipairs(field.create_enum and field.enum or {}) do
    more[#more + 1] = not new[value] and not value:find ":" and value or nil
  end
  return #more > 0 and "; later also " .. quoted(more) or ""
end

local function range(field)
  if field.min and field.max then
    return ("%d to %d"):format(field.min, field.max)
  end
  return field.min and ("%d or more"):format(field.min) or nil
end

---@param field dps.Field
---@param for_editors boolean?  without the values, which are in the type there
---@return string
return function(field, for_editors)
  local items = field.items or {}
  local words = {}
  local function add(text)
    words[#words + 1] = text or nil
  end
  local values = field.create_enum or field.enum or items.create_enum or items.enum
  add(field.about)
  add(values and not for_editors and quoted(values) .. later(field))
  add(range(field))
  add(field.only ~= nil and ("`%s`, set by itself"):format(tostring(field.only)))
  add(field.default ~= nil and ("`%s` where it is missing"):format(tostring(field.default)))
  add(field.min_items and ("at least %d"):format(field.min_items))
  add(field.max_items and ("at most %d"):format(field.max_items))
  add(field.guard_items and ("guardrail: %d"):format(field.guard_items))
  add(field.guard_bytes and ("guardrail: %d bytes"):format(field.guard_bytes))
  add(field.write_only and "not given back")
  add(field.read_only and "given by the service")
  add(field.kept and "can't be changed later")
  return table.concat(words, "; ")
end
