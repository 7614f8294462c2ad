-- Identifiers of other parts of the product, which no operation of dps finds: UUIDs of unified tags
-- and of channel configurations. Field descriptions as data.

local identifier = {}

local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

---A list of unified tags: the service takes their UUIDs and no names (contract 1.8, seen live).
---@param name string
---@return dps.Field
function identifier.unified_tags(name)
  return {
    name = name, type = "array", unordered = true, source = "contract 1.8",
    about = "UUIDs of unified tags",
    items = {
      type = "string", create_pattern = UUID,
      create_pattern_says = "is not the UUID of a unified tag; the service takes no names here",
    },
  }
end

---An identifier of another part of the product, as a UUID.
---@param name string
---@param says string  what a script should write
---@return dps.Field
function identifier.uuid(name, says)
  return {
    name = name, type = "string", create_pattern = UUID, create_pattern_says = says,
    about = "a UUID", source = "contract 1.8",
  }
end

return identifier
