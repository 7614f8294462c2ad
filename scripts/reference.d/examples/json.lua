-- Exact integers, empty arrays, and a text that is no JSON.
local json = require("dps").json

local value = json.decode '{ "list": [], "big": 9007199254740993 }'
value.nothing = json.null
print(json.encode(value, { sorted = true }))
print(json.encode { json.array {}, {} })
print(json.decode '{ "list": [1, tru] }')
