-- Shows one banner in five languages: an HTML template beside this script, filled in with the texts
-- of each language, makes one representation whose components differ by language.

local dps = require "dps"
local representation = dps.representation

local EMAIL = "https://ns.adobe.com/xdm/channel-types/email"
local SHOP = "https://www.maison-lume.example/"

-- What differs from language to language; a text that is missing is an error with the template's
-- line.
local TEXTS = {
  ["en-gb"] = { title = "Free delivery", reasons = { "from £45", "within 48 hours" },
    button = "See what's new" },
  ["fr-fr"] = { title = "Livraison offerte", reasons = { "dès 49 €", "sous 48 h" },
    button = "Voir les nouveautés" },
  ["de-de"] = { title = "Gratis-Versand", reasons = { "ab 49 €", "in 48 Stunden" },
    button = "Neues entdecken" },
  ["it-it"] = { title = "Spedizione gratuita", reasons = { "da 49 €", "entro 48 ore" },
    button = "Scopri le novità" },
  ["nl-nl"] = { title = "Gratis bezorging", reasons = { "vanaf 49 €", "binnen 48 uur" },
    button = "Bekijk wat er nieuw is" },
}

-- The texts come out escaped: an & or a < in one of them breaks nothing.
local template = representation.file((arg[0]:match "^.*/" or "") .. "05_banner.html")
local contents = {}
for language, texts in pairs(TEXTS) do
  texts.address = SHOP .. language
  contents[language] = representation.template(template, texts)
end

-- The placement is found by its name; the first run creates it. Content that does not fit it is an
-- error that says what would.
local placement = dps.ensure_placement {
  name = "Newsletter header", channel = EMAIL, componentType = "html",
}
local banner = representation.html(placement, representation.languages(contents))

local receipt = dps.create_fallback {
  name = "Free delivery, newsletter",
  status = "draft",
  representations = { banner },
}
print("created " .. receipt.id)

for _, component in ipairs(dps.get_fallback(receipt.id).representations[1].components) do
  print(component.language[1], #component.content .. " bytes")
end
