-- House style of the Lua sources (scripts/check runs it).
std = "lua54"
cache = false
codes = true
max_line_length = 100
self = false
exclude_files = { "build", "build-*", "lua/types" }
-- dps run presets the global dps.
files["examples"] = { read_globals = { "dps" } }
files["tests/flow"] = { read_globals = { "dps" } }
