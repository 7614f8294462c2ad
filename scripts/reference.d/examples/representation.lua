-- HTML in two languages, one of them out of a template.
local dps = require "dps"
local representation = dps.representation

local hero = representation.html("dps:offer-placement:1234567890abcdef", representation.languages {
  ["en-us"] = representation.template("<b>{{title}}</b>", { title = "Save & enjoy" }),
  ["fr-fr"] = "<b>Profitez-en</b>",
}, { channel = "web" })
print(dps.json.encode(hero, { sorted = true, indent = true }))
print(representation.size(hero), representation.mime "https://example.com/hero.webp?w=800")
