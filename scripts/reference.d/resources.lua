-- The page for people: every call and every field, from the resources' descriptions.

local resources = require "dps.resource"
local notes = require "notes"

local function list_of(value)
  return type(value) == "table" and value or { value }
end

local function article(word)
  return (word:find "^[aeiou]" and "an " or "a ") .. word
end

local INTRODUCTION = [[
# Reference

The calls and their fields are here; the rest has pages of its own:

PAGES

All of it is made by `scripts/reference` from the descriptions and annotations in `lua/dps/`: change those, not these
files. Editors with LuaLS show the same: name the folder `lua` in `workspace.library`, or, of an installed `dps`,
`share/dps/types`, which has the calls alone.

A name with `?` may be left out; a result or a field with `?` may be nil.

## Calls

For each resource, with its name for `NAME`:

| call | result |
|---|---|
| `dps.create_NAME(tbl)` | receipt: `id`, `etag` and, as the service gives them, `createdDate`, `lastModifiedDate`, ... |
| `dps.get_NAME(id)` | entity: the fields below, and `id`, `etag`, `created`, `modified`, `schemas`, ... |
| `dps.list_NAMES{ limit=, order_by=, property= }` | iterator over the entities of all pages |
| `dps.update_NAME(id, changes, { guard = true })` | receipt; `unchanged = true` where there was nothing to write |
| `dps.delete_NAME(id)` | `true` |
| `dps.ensure_NAME(tbl)` | entity, and `"created"`, `"updated"` or `"unchanged"`, and a list of the fields that could not be compared |

An `id` is a text, an entity, a receipt, or `dps.ref("KIND", "a name")`. The same goes for fields that refer to another
object. A name is looked up once in a run; one that nothing has, or that several have, is an error that says what there
is. A date is a text with an offset such as `"2026-12-31T09:00:00+01:00"`, or an object of `dps.date`.

- **Lists.** `property = { { "name", "==", "Summer, sale" }, { "status", "!=", "draft" } }`: all must hold; operators
  are `== != <= >= < > ~` (a regular expression for the whole value: `"Summer.*"` is what begins with Summer); a field alone, `{ "description" }`, must be there. `order_by` is a field,
  `-` before it descends. Rows that come twice are given once; a link that leads back or to another host ends the list with
  an error; a count that differs from the service's `total` is a warning.
- **Updates.** A table names the fields that change: objects are merged, lists are replaced, `dps.null` takes a field away.
  Sent is the smallest JSON Patch (RFC 6902) against what is there. With `guard` each place is tested first, so that the
  update fails where somebody changed it meanwhile. A list of RFC 6902 operations goes as it is. A failed test or a lost
  race is an error of kind `conflict` whose `problems` say what has changed.
- **ensure.** Looks for the name first; compares only the fields in the table; dates and numbers by what they mean; never a
  field that the service does not give back (of a fallback `selectionConstraint` and `rank`): where the object exists, what
  the table says there is neither compared nor written, a warning says so once in a run, and the third result lists these
  fields (else nil); `update_NAME` writes them. After a write whose answer was lost it looks again and never writes twice.
  Two objects of that name are an error that lists both.

`dps.copy("KIND", entity)` is a new table without what the service gives by itself (`id`, `etag`, `created` ...), to create
the same elsewhere; ids of other objects in it stay those of the sandbox that it was read from.

`dps.client{ sandbox=, ims_org=, base_url=, profile= }` has the same calls on another target; what is left out is as for
`dps` itself, and a profile goes before the environment. `dps.ref`, `dps.copy` and the modules are `dps`'s own, and go with every client.

## Dry runs

`--dry-run` and `dps check` send no write, and lay what would have been written over what they read: an object that was
created, updated or deleted is found, listed, changed and missed as if it had been. What that can't know: references,
names and rights that only the service checks; conditions of a list other than `==`, `!=` and whether a field is there
(an object that was created is then left out, one that was updated stays where the service has it); an `order_by` (what
was created comes last); what `dps.request` writes.

## Many rows

`dps.each(rows, f, { at_once = 32, out = "results.csv" })` calls `f(row, line)` for each of a list, of `dps.rows.from`
or of an iterator, some at a time. What `f` returns, a receipt and a status such as `"created"`, becomes of the row; a
row that raises fails alone, but `auth`, `refused`, `limit` and `cancelled` end all.

- **Results.** `out` has every row as it was read, with `dps_status`, `dps_id` and `dps_error` beside the row's own
  columns. It is opened before the first row is sent; a dry run and `dps check` leave it alone. After an error or Ctrl-C
  it has the rows that were not begun as well, and `unknown` for those that were on their way.
- **Going on.** Run the same script with the results as its rows: those that are done are skipped, whatever their status
  is called, and the others are begun again, from their beginning. A `create_` of theirs looks first whether its name is
  there: of an `unknown` row that is the row's own object, of any other one an error. What is `failed` and in order by
  now is skipped once `done` is written into its `dps_status`. A script that ensures may as well be run with the first
  rows again.
- **Names.** Two rows that create, or ensure, an object of one name would double or overwrite it: the second fails and
  names the first, unless both ensure the very same. A coroutine of the script's own is not seen to belong to a row;
  `dps.spawn` is.

## Resources
]]

local function summary_rows(out)
  out[#out + 1] = "| NAME | NAMES | what | path | guardrails |"
  out[#out + 1] = "|---|---|---|---|---|"
  for _, description in ipairs(resources.all) do
    local rails = description.guardrails or {}
    local words = {}
    words[#words + 1] = rails.count and ("%d in a sandbox"):format(rails.count)
    words[#words + 1] = rails.live and ("%d live"):format(rails.live)
    words[#words + 1] = rails.bytes and ("%d bytes each"):format(rails.bytes)
    out[#out + 1] = ("| [`%s`](#%s) | `%s` | %s | `%s` | %s |"):format(description.name,
      description.title:gsub(" ", "-"), description.plural, description.title,
      resources.collection_target(description), table.concat(words, ", "))
  end
end

local function type_words(field)
  if field.type == "reference" then
    local kinds = {}
    for i, kind in ipairs(list_of(field.to)) do
      kinds[i] = resources.by_name[kind] and resources.by_name[kind].title or kind
    end
    return "id of " .. article(table.concat(kinds, " or "))
  elseif field.type == "array" then
    return "list"
  elseif field.type == "uri" then
    return "address"
  elseif field.type == "object" then
    return field.open == true and "free names" or "table"
  end
  return field.type
end

local function field_rows(out, fields, prefix)
  for _, field in ipairs(fields) do
    local path = prefix .. (field.name or "")
    if field.name then
      out[#out + 1] = ("| `%s` | %s | %s | %s |"):format(path,
        type_words(field) .. (field.items and field.items.type ~= "object"
          and " of " .. type_words(field.items):gsub("^id of", "ids of") or ""),
        field.required and "yes" or "", notes(field))
    end
    field_rows(out, field.fields or {}, path .. (field.name and "." or ""))
    if field.items and field.items.fields then
      field_rows(out, field.items.fields, path .. "[].")
    elseif field.values and field.values.fields then
      field_rows(out, field.values.fields, path .. ".*.")
    end
  end
end

local function extras(description)
  local words = {}
  for header, setting in pairs(description.headers or {}) do
    words[#words + 1] = ("Every call says `%s`, from the setting `%s` (`DPS_%s`)."):format(header,
      setting, setting:upper())
  end
  for name, value in pairs(description.marker or {}) do
    words[#words + 1] = ("It shares its path and has the mark `%s = %s`, which dps sets and lists ask"
      .. " for."):format(name, tostring(value))
  end
  if description.update_method then
    words[#words + 1] = "An update reads the object and writes it as a whole (`PUT`)."
  end
  if description.permission then
    words[#words + 1] = ("The credential's role needs the right *%s*."):format(
      description.permission)
  end
  if description.name_field then
    words[#words + 1] = ("Its name is `%s`."):format(description.name_field)
  end
  if description.fields.open then
    words[#words + 1] = "Beside these it takes the organisation's own fields, below names that begin"
      .. " with `_`."
  end
  return table.concat(words, " ")
end

local function capital(text)
  return text:sub(1, 1):upper() .. text:sub(2)
end

local function page_rows(public)
  local rows = { "| page | |", "|---|---|" }
  for _, each in ipairs(public) do
    rows[#rows + 1] = ("| [%s](reference/%s) | %s |"):format(each.title, each.file, each.about)
  end
  return table.concat(rows, "\n")
end

---@param public table[]  the other pages
---@return string[] lines
return function(public)
  local out = { (INTRODUCTION:gsub("\n$", ""):gsub("PAGES", page_rows(public))), "" }
  summary_rows(out)
  for _, description in ipairs(resources.all) do
    out[#out + 1] = ("\n### %s\n\n%s.%s\n"):format(capital(description.title), description.about,
      (" " .. extras(description)):gsub("^ $", ""))
    out[#out + 1] = "| field | type | required | |"
    out[#out + 1] = "|---|---|---|---|"
    field_rows(out, description.fields, "")
  end
  return out
end
