-- What every Lua test needs: a runner over LuaUnit, scratch folders, and dps as a child process.
-- Works inside `dps run` and in a stock lua5.4. Knows nothing of offers.
local lu = require "luaunit"

local support = {}

local folders = {}

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function remove_folders()
  for _, folder in ipairs(folders) do
    os.execute("rm -rf " .. quote(folder))
  end
  folders = {}
end

---Runs tests in the order of their names and ends the process: 0 when all passed, else 1.
---`arg[1]` keeps only the tests whose name contains it; that none is left is a failure.
---@param tests table<string, function> name, which says what must hold, to test
function support.run(tests)
  local wanted, list = arg and arg[1] or "", {}
  for _, name in ipairs(sorted_names(tests)) do
    if name:find(wanted, 1, true) then
      list[#list + 1] = { name, tests[name] }
    end
  end
  local runner = lu.LuaUnit.new()
  local bad = runner:runSuiteByInstances(list, "--verbose")
  remove_folders()
  if #list == 0 then
    io.stderr:write("no test is named like '", wanted, "'\n")
  end
  os.exit(bad == 0 and #list > 0 and 0 or 1, true)
end

---A new empty folder, removed when support.run ends.
---@return string path
function support.tmpdir()
  local pipe = assert(io.popen("mktemp -d", "r"))
  local path = pipe:read "l"
  assert(pipe:close() and path, "mktemp failed")
  folders[#folders + 1] = path
  return path
end

---@param path string
---@param text string written as it is; what was there is replaced
---@return string path
function support.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

---@param path string
---@return string text
function support.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- env as words of env(1): a value sets, false removes.
local function env_words(env)
  local words = { "env" }
  for _, name in ipairs(sorted_names(env)) do
    if env[name] == false then
      table.insert(words, 2, "-u " .. quote(name))
    else
      words[#words + 1] = quote(name .. "=" .. tostring(env[name]))
    end
  end
  return words
end

---Runs f and keeps what Lua code writes to stderr meanwhile.
---@param f function
---@param ... any  its arguments
---@return string text  what was written
---@return any ...      what f returned; what it raises is raised on
function support.hushed(f, ...)
  local real, lines = io.stderr, {}
  local kept = { write = function(_, ...) lines[#lines + 1] = table.concat { ... } end }
  io.stderr = kept -- luacheck: ignore 122
  local results = table.pack(pcall(f, ...))
  io.stderr = real -- luacheck: ignore
  if not results[1] then error(results[2], 0) end
  return table.concat(lines), table.unpack(results, 2)
end

local function run_options(options)
  for name in pairs(options or {}) do
    assert(name == "stdin" or name == "env" or name == "timeout", "unknown option: " .. name)
  end
  return options or {}
end

-- "< in > out 2> err" for a child whose scratch folder this is.
local function redirections(folder, stdin)
  local input = stdin and support.write(folder .. "/stdin", stdin) or "/dev/null"
  local files = { input, folder .. "/stdout", folder .. "/stderr" }
  return ("<%s >%s 2>%s"):format(quote(files[1]), quote(files[2]), quote(files[3]))
end

---Runs the dps binary (DPS_BIN) to its end. The calling engine stands still meanwhile, so the child
---must not need anything that the caller serves.
---@param args string[]
---@param options? {stdin: string?, env: table<string, string|false>?, timeout: number?}
---  timeout: seconds until it is killed (code 124), default 30; env: false takes a variable away
---@return {code: integer, stdout: string, stderr: string} code: 128 + the signal where one ended it
function support.run_dps(args, options)
  options = run_options(options)
  local folder, words = support.tmpdir(), env_words(options.env or {})
  words[#words + 1] = ("timeout -k 2 %g"):format(options.timeout or 30)
  words[#words + 1] = quote(assert(os.getenv "DPS_BIN", "DPS_BIN is not set"))
  for _, word in ipairs(args) do
    words[#words + 1] = quote(word)
  end
  words[#words + 1] = redirections(folder, options.stdin)
  local _, how, code = os.execute(table.concat(words, " "))
  return {
    code = how == "signal" and 128 + code or code,
    stdout = support.read(folder .. "/stdout"),
    stderr = support.read(folder .. "/stderr"),
  }
end

return support
