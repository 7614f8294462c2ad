-- Rules about names: two objects of one kind that people can't tell apart.

-- The first object of each name; a rerun that updates one by its id is no second one.
local function check_duplicates(plan, say)
  local first = {}
  for _, object in ipairs(plan.objects) do
    local name = object.name
    local key = name and object.resource .. "\0" .. name
    local other = key and first[key]
    if other then
      say(object, "name", ('another %s of this script has this name (%s)'):format(object.title,
        other.where))
    elseif key then
      first[key] = object
      local there = object.verb == "create" and plan:named(object.resource, name)[1]
      if there then
        say(object, "name", ('a %s of this name is there already: %s'):format(object.title,
          there.id))
      end
    end
  end
end

return {
  { name = "duplicate-name", help = "two objects of one kind with the same name",
    explain = "Names should be unique for each kind of object: people pick by"
      .. " name, and dps.ref and dps.ensure_... refuse a name that several have. This looks at the"
      .. " script and at the service. A script that may run twice uses dps.ensure_...",
    check = check_duplicates },
}
