-- Representations: each kind as it is sent, languages, files, and what does not fit its placement.

local lu = require "luaunit"
local err = require "dps.err"
local fit = require "dps.representation.fit"
local json = require "dps.json"
local representation = require "dps.representation"
local support = require "support"

local T = {}

local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local EMAIL = "https://ns.adobe.com/xdm/channel-types/email"

local function place(kind, channel)
  return { id = "p1", name = "Hero", channel = channel or WEB, componentType = kind }
end

local function refused(expected, f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  lu.assertStrContains(err.block(e), expected)
end

local function one(kind, format, more)
  local component = { type = kind, format = format }
  for key, value in pairs(more) do component[key] = value end
  return { channel = WEB, placement = "p1", components = { component } }
end

function T.test_each_kind_is_written_as_it_is_sent()
  lu.assertEquals(representation.text(place "text", "Free delivery & more"),
    one("text", "text/plain", { content = "Free delivery & more" }))
  lu.assertEquals(representation.html(place "html", "<b>Free</b>"),
    one("html", "text/html", { content = "<b>Free</b>" }))
  lu.assertEquals(representation.json(place "json", { b = 1, a = { "x" } }),
    one("json", "application/json", { content = '{"a":["x"],"b":1}' }))
  lu.assertEquals(representation.json(place "json", '{ "a": 1 }'),
    one("json", "application/json", { content = '{ "a": 1 }' }))
  lu.assertEquals(representation.image(place "imagelink",
    "https://x.example/a/hero.JPG?v=1.html#b.c"),
    one("imagelink", "image/jpeg", { deliveryURL = "https://x.example/a/hero.JPG?v=1.html#b.c" }))
end

function T.test_an_image_may_lead_somewhere()
  lu.assertEquals(representation.image(place "imagelink",
    { url = "https://x.example/a.png", link = "https://x.example/" }),
    one("imagelink", "image/png", { deliveryURL = "https://x.example/a.png",
      linkURL = "https://x.example/" }))
end

function T.test_an_image_whose_address_tells_nothing_needs_a_format()
  refused('does not tell what kind of image it is; add { format = "image/png" }',
    representation.image, place "imagelink", "https://images.example.png/hero")
  lu.assertEquals(representation.image(place "imagelink", "https://x.example/hero",
    { format = "image/webp" }).components[1].format, "image/webp")
end

function T.test_languages_become_components_in_their_order()
  local made = representation.text(place "text", representation.languages {
    ["fr-fr"] = "Bonjour", ["en-us"] = "Hello", de = representation.template("{{v}}",
      { v = "Tag" }),
  })
  lu.assertEquals(made.components, {
    { type = "text", format = "text/plain", content = "Tag", language = { "de" } },
    { type = "text", format = "text/plain", content = "Hello", language = { "en-us" } },
    { type = "text", format = "text/plain", content = "Bonjour", language = { "fr-fr" } },
  })
  lu.assertEquals(representation.text(place "text", "x",
    { language = "nl" }).components[1].language,
    { "nl" })
end

function T.test_a_language_that_is_none_is_refused()
  refused('components[1].language[1]: language[1] "english!"', representation.text, place "text",
    "x",
    { language = "english!" })
  refused("contents by language are needed", representation.languages, { "Hello" })
  refused("contents by language are needed", representation.languages, {})
end

function T.test_templates_are_escaped_for_what_they_become()
  local function fill(kind, text)
    return representation[kind](place(kind), representation.template(text, { v = '"<&' }))
      .components[1].content
  end
  lu.assertEquals(fill("html", "{{v}}"), "&quot;&lt;&amp;")
  lu.assertEquals(fill("text", "{{v}}"), '"<&')
  lu.assertEquals(json.decode(fill("json", '{"v":"{{v}}"}')), { v = '"<&' })
end

function T.test_files_are_read_and_named_in_errors()
  local folder = support.tmpdir()
  local path = support.write(folder .. "/banner.html", "\xEF\xBB\xBF<b>{{v}}</b>\n")
  lu.assertEquals(representation.html(place "html",
    representation.file(path)).components[1].content,
    "<b>{{v}}</b>\n")
  lu.assertEquals(representation.html(place "html",
    representation.template(representation.file(path), { v = 1 })).components[1].content,
      "<b>1</b>\n")
  refused("banner.html:1:4: {{v}} has no value", representation.html, place "html",
    representation.template(representation.file(path), {}))
  refused("is text/html by its name", representation.text, place "text", representation.file(path))
  refused("No such file", representation.html, place "html", representation.file(folder
    .. "/no.html"))
  refused("Is a directory", representation.html, place "html", representation.file(folder))
  refused("is larger than 1 MiB", representation.html, place "html",
    representation.file(support.write(folder .. "/big.html", ("x"):rep((1 << 20) + 1))))
end

-- What does not fit -------------------------------------------------------------------------------

function T.test_a_type_that_the_placement_does_not_show_is_refused()
  refused('components[1].type: placement "Hero" shows components of type "imagelink", not'
    .. ' "html"; use representation.image here, or a placement for "html"', representation.html,
    place "imagelink", "<b>x</b>")
  lu.assertEquals(representation.html(place
    "https://ns.adobe.com/experience/offer-management/content-component-html", "x").channel, WEB)
  lu.assertEquals(representation.text(place "component-text", "x").channel, WEB)
end

function T.test_a_format_that_does_not_fit_its_type_is_refused()
  refused('format "image/png" does not fit type "html"; write "text/html"', representation.html,
    place "html", "x", { format = "image/png" })
  refused('format "text/html" does not fit type "imagelink"; write one such as "image/png"',
    representation.image, place "imagelink", "https://x.example/a", { format = "text/html" })
  refused('format "png" is not a content type', representation.image, place "imagelink",
    "https://x.example/a", { format = "png" })
end

function T.test_another_channel_than_the_placements_is_refused()
  refused('channel: placement "Hero" belongs to the channel "email", not to "web"; write "'
    .. EMAIL,
    representation.html, place("html", EMAIL), "x", { channel = "web" })
  lu.assertEquals(representation.html(place("html", EMAIL), "x", { channel = "email" }).channel,
    EMAIL)
end

function T.test_with_a_channel_nothing_is_looked_up()
  local made = representation.html("offerPlacement1234", "x", { channel = "web", client = {} })
  lu.assertEquals({ made.channel, made.placement }, { WEB, "offerPlacement1234" })
end

function T.test_content_that_is_none_is_refused()
  for _, content in ipairs { "", " \n", representation.template("{{v}}", { v = "" }) } do
    refused("is empty", representation.text, place "text", content)
  end
  refused("content is needed", representation.text, place "text", nil)
  refused("not a table", representation.html, place "html", { a = 1 })
  refused("is not UTF-8", representation.text, place "text", "\xFF")
  refused("the content is no JSON: line 1, column", representation.json, place "json", "{,}")
  refused("NaN", representation.json, place "json", { a = 0 / 0 })
  refused('"hero.png" is no address', representation.image, place "imagelink", "hero.png")
  refused("url is missing", representation.image, place "imagelink", { link = "https://x.example" })
  refused('unknown option "href"', representation.image, place "imagelink", { href = "x" })
  refused("linkURL", representation.image, place "imagelink",
    { url = "https://x.example/a.png", link = "nowhere" })
end

function T.test_options_and_placements_that_are_none_are_refused()
  refused('unknown option "langauge" (did you mean "language"?)', representation.text,
    place "text", "x", { langauge = "en" })
  refused("a placement is needed", representation.text, nil, "x")
  refused("a table without an id", representation.text, {}, "x")
  refused("channel must be text", representation.text, "p", "x", { channel = 5 })
end

-- Sizes -------------------------------------------------------------------------------------------

function T.test_sizes_are_bytes_on_the_wire()
  local made = representation.text(place "text", "é€")
  lu.assertEquals(representation.size(made), #json.encode(made))
  lu.assertNil(representation.size { a = print })
end

local function offer_of(bytes)
  return { name = "x", representations = { representation.text(place "text", ("x"):rep(bytes)) } }
end

function T.test_above_1_kb_is_a_warning_and_above_300_an_error()
  lu.assertEquals(fit.sizes(offer_of(100)), {})
  local findings = fit.sizes(offer_of(1024))
  lu.assertEquals({ #findings, findings[1].level, findings[1].path },
    { 1, "warning", "representations[1]" })
  lu.assertStrContains(findings[1].message, "bytes; Adobe's guardrails allow 1 KB (1024)")
  local big = offer_of(100)
  big.description = ("d"):rep(1000)
  lu.assertEquals({ fit.sizes(big)[1].level, fit.sizes(big)[1].path }, { "warning", "" })
  big.description = ("d"):rep(300 * 1024)
  lu.assertEquals({ fit.sizes(big)[1].level, #fit.sizes(big) }, { "error", 1 })
end

function T.test_a_representation_is_made_up_to_300_kb_and_no_further()
  local languages = {}
  for _, language in ipairs { "en", "fr", "de" } do languages[language] = ("x"):rep(90 * 1024) end
  lu.assertEquals(#representation.text(place "text",
    representation.languages(languages)).components, 3)
  languages.nl = ("x"):rep(90 * 1024)
  refused("bytes; Adobe takes 300 KB (307200)", representation.text, place "text",
    representation.languages(languages))
end

-- The questions that other parts ask --------------------------------------------------------------

function T.test_fit_answers_without_raising()
  lu.assertEquals(fit.problems({}, {}), {})
  lu.assertEquals(fit.problems({ components = { 5, { type = 5, format = 6 } } }, place "html"), {})
  local problems = fit.problems({ channel = EMAIL, components = { { type = "text",
    format = "a/b" } } },
    place "html")
  lu.assertEquals({ #problems, problems[1].path, problems[2].path, problems[3].path },
    { 3, "channel", "components[1].type", "components[1].format" })
end

function T.test_content_types_by_extension()
  for name, mime in pairs { ["a.html"] = "text/html", ["x/y.tar.PNG"] = "image/png",
    ["https://h.example/p.svg?x#y"] = "image/svg+xml", ["a.txt"] = "text/plain" } do
    lu.assertEquals(representation.mime(name), mime)
  end
  for _, name in ipairs { "", "png", "a.", "a.docx", "https://example.png",
    "https://e.x/?a.png" } do
    lu.assertNil(representation.mime(name))
  end
  lu.assertNil(representation.mime(nil))
end

function T.test_representation_is_a_part_of_dps()
  lu.assertIs(require("dps").representation, representation)
end

support.run(T)
