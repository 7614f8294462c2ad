-- A command line cut into words as a shell would, checked against the shell itself; and what a
-- shell would act on, which is refused.

local lu = require "luaunit"
local support = require "support"
local words = require "dps.words"

local T = {}

-- What sh makes of the line: its words, each in brackets.
local function by_shell(line)
  local pipe = assert(io.popen("printf '[%s]' " .. line))
  local text = pipe:read "a"
  assert(pipe:close())
  return text
end

function T.test_words_are_those_of_the_shell()
  for _, line in ipairs {
    "pass show adobe/token", "  a   b\tc ", "'a b' c", [["a b"c'd e'f]], [[a\ b \'x\' \"]],
    [["a\"b" "a\\b" "a\qb" '\n']], [["\$HOME \` x"]], "'$HOME `id` * ; | &'", "a'' '' \"\"",
    "op://vault/item#field", "--opt=x,y:z", "100%", "é=ü", "a!b", "]",
  } do
    local list, fault = words.split(line)
    lu.assertNotNil(list, line .. ": " .. tostring(fault))
    lu.assertEquals("[" .. table.concat(list, "][") .. "]", by_shell(line), line)
  end
end

function T.test_nothing_gives_no_words()
  lu.assertEquals(words.split "", {})
  lu.assertEquals(words.split "  \t", {})
end

function T.test_what_a_shell_would_act_on_is_refused()
  for line, char in pairs {
    ["a | b"] = "|", ["a; b"] = ";", ["a && b"] = "&", ["a >b"] = ">", ["a <b"] = "<",
    ["a $HOME"] = "$", ['a "$HOME"'] = "$", ["a `id`"] = "`", ['"`id`"'] = "`", ["a *.txt"] = "*",
    ["a ?"] = "?", ["a [b]"] = "[", ["(a)"] = "(", ["a ~/b"] = "~", ["a #b"] = "#",
    ["a {b,c}"] = "{",
  } do
    local list, fault = words.split(line)
    lu.assertNil(list, line)
    lu.assertStrContains(fault, ('holds "%s"'):format(char))
    lu.assertStrContains(fault, "sh -c '...'")
  end
end

function T.test_quotes_and_backslashes_without_an_end_are_refused()
  lu.assertEquals({ words.split "a 'b" }, { nil, "has a single quote without its end" })
  lu.assertEquals({ words.split 'a "b' }, { nil, "has a double quote without its end" })
  lu.assertEquals({ words.split [[a "b\"]] }, { nil, "has a double quote without its end" })
  lu.assertEquals({ words.split "a \\" }, { nil, "ends with a backslash" })
end

support.run(T)
