-- Calls wait wherever they are made: where Lua can yield they yield, elsewhere they block, and none
-- fails because of its place (architecture, section 4).
local lu = require "luaunit"
local dps = require "dps"
local support = require "support"

local T = {}

local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local PLACEMENT = "offerPlacement1234"

local function offer(name)
  return {
    name = name, status = "draft",
    representations = { {
      channel = WEB, placement = PLACEMENT,
      components = { {
        type = "imagelink", format = "image/png", deliveryURL = "https://a.example/i.png",
      } },
    } },
  }
end

local function create(name)
  return dps.create_fallback(offer(name)).id
end

local function is_there(id)
  return dps.get_fallback(id).id == id
end

local function others_run(f)
  local ticks, stop = 0, false
  local ticker = dps.spawn(function()
    while not stop do
      ticks = ticks + 1
      dps.sleep(0)
    end
  end)
  dps.sleep(0)
  local before = ticks
  local result = f()
  local after = ticks
  stop = true
  ticker:wait()
  return result, after > before
end

function T.test_a_call_in_the_script_itself_yields_to_other_tasks()
  local id, yielded = others_run(function() return create "plain" end)
  lu.assertTrue(is_there(id))
  lu.assertTrue(yielded)
end

function T.test_a_call_inside_pcall_yields_to_other_tasks()
  local id, yielded = others_run(function() return select(2, pcall(create, "pcall")) end)
  lu.assertTrue(is_there(id))
  lu.assertTrue(yielded)
end

function T.test_a_call_in_a_metamethod_and_in_an_iterator_works()
  local adder = setmetatable({}, { __add = function(_, name) return create(name) end })
  lu.assertTrue(is_there(adder + "metamethod"))
  local ids = {}
  local function iterate() return #ids < 2 and create "iterator" or nil end
  for id in iterate do ids[#ids + 1] = id end
  lu.assertTrue(is_there(ids[1]))
  lu.assertTrue(is_there(ids[2]))
end

function T.test_a_call_in_a_table_sort_comparator_blocks_and_works()
  local ids, numbers = {}, { 3, 1, 2 }
  local _, yielded = others_run(function()
    table.sort(numbers, function(a, b)
      ids[#ids + 1] = create "sort"
      return a < b
    end)
  end)
  lu.assertEquals(numbers, { 1, 2, 3 })
  lu.assertTrue(is_there(ids[1]))
  lu.assertFalse(yielded, "a blocking call resumes no script task")
end

function T.test_a_call_in_a_gsub_callback_blocks_and_works()
  local ids = {}
  local text = ("ab"):gsub(".", function(c)
    ids[#ids + 1] = create("gsub " .. c)
    return c:upper()
  end)
  lu.assertEquals(text, "AB")
  lu.assertTrue(is_there(ids[2]))
end

function T.test_a_call_in_a_coroutine_of_the_scripts_own_blocks_and_works()
  local produce = coroutine.wrap(function()
    coroutine.yield(create "coroutine 1")
    return create "coroutine 2"
  end)
  local first = produce()
  lu.assertTrue(is_there(first))
  local second = produce()
  lu.assertNotEquals(first, second)
  lu.assertTrue(is_there(second))
end

function T.test_an_error_in_a_coroutine_of_the_scripts_own_keeps_its_object()
  local co = coroutine.create(function() dps.get_fallback "nosuch" end)
  local ok, e = coroutine.resume(co)
  lu.assertFalse(ok)
  lu.assertEquals(e.status, 404)
  lu.assertStrContains(e.where, "test_waiting.lua:")
end

function T.test_a_call_while_a_module_is_required_blocks_and_works()
  package.preload["test_waiting.module"] = function() return create "require" end
  lu.assertTrue(is_there(require "test_waiting.module"))
end

function T.test_a_call_in_a_finalizer_blocks_and_works()
  local id
  do
    setmetatable({}, { __gc = function() id = create "gc" end })
  end
  collectgarbage()
  collectgarbage()
  lu.assertTrue(is_there(id))
end

function T.test_a_call_in_a_close_handler_works_after_success_and_after_an_error()
  local ids = {}
  local function scope(fail)
    local guard <close> = setmetatable({}, {
      __close = function() ids[#ids + 1] = create "close" end,
    })
    if fail then error "on purpose" end
    return guard
  end
  scope(false)
  lu.assertFalse((pcall(scope, true)))
  lu.assertTrue(is_there(ids[1]))
  lu.assertTrue(is_there(ids[2]))
end

function T.test_a_blocking_call_works_while_32_tasks_hold_every_slot()
  local tasks, done = {}, 0
  for i = 1, 80 do
    tasks[i] = dps.spawn(function()
      local id = create("slot " .. i)
      done = done + 1
      return id
    end)
  end
  dps.sleep(0) -- all have been started: 32 in flight, the others queued
  local done_before = done
  local id
  table.sort({ 2, 1 }, function(a, b)
    id = id or create "while all slots are taken"
    return a < b
  end)
  lu.assertTrue(done_before < 80)
  lu.assertEquals(done, done_before, "no script task was resumed meanwhile")
  lu.assertTrue(is_there(id))
  for _, task in ipairs(tasks) do lu.assertTrue(is_there(task:wait())) end
end

function T.test_many_tasks_create_each_offer_exactly_once()
  local tasks = {}
  for i = 1, 200 do tasks[i] = dps.spawn(create, "many " .. i) end
  local ids = {}
  for _, task in ipairs(tasks) do ids[task:wait()] = true end
  local distinct, found = 0, 0
  for _ in pairs(ids) do distinct = distinct + 1 end
  lu.assertEquals(distinct, 200)
  for row in dps.list_fallbacks { limit = 33 } do
    if ids[row.id] then found = found + 1 end
  end
  lu.assertEquals(found, 200)
end

support.run(T)
