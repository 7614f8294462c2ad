-- Tasks and waiting, as scripts see them: the native outcomes turned into results and errors. It
-- schedules nothing.

local native = require "dps.native"
local err = require "dps.err"
local row = require "dps.each.row"

local task = {}

---A function that runs beside the others.
---@class dps.Task
local methods = native.task_methods

local FAILED = {
  cancelled = "the task was cancelled",
  interrupted = "this task was cancelled while it waited for another one",
  deadlock = "the tasks wait for each other: none of them can ever end",
}

local function outcome(how, ...)
  if how == "done" then
    return ...
  end
  if how == "failed" then
    error((...), 0)
  end
  err.raise { kind = "cancelled", operation = "wait", message = FAILED[how] }
end

---Waits until the task has ended.
---@return any ... what its function returned; its error is raised here
function methods:wait()
  return outcome(native.task_wait(self))
end

---Ends the task at its wait, now or the next one: there it gets an error of kind "cancelled".
function methods:cancel()
  native.task_cancel(self)
end

local LONGEST = 1e9 -- seconds

local function a(value)
  return value == nil and "nothing" or "a " .. type(value)
end

---Starts a function that runs beside the others and takes turns with them at every call that waits.
---A task that fails and that nobody waits for is reported at the end of the run, which then fails.
---@param f function  what runs; its error is raised where somebody waits for the task
---@param ... any  its arguments
---@return dps.Task
function task.spawn(f, ...)
  if type(f) ~= "function" then
    err.misuse("spawn: a function is needed, got " .. a(f))
  end
  return native.spawn(row.carry(f), ...)
end

---Waits; other tasks go on.
---@param seconds number  from 0 to 1e9
function task.sleep(seconds)
  local number = tonumber(seconds)
  if not number or not (number >= 0 and number <= LONGEST) then
    err.misuse("sleep: seconds must be a number from 0 to 1e9, got "
      .. (number and tostring(number) or a(seconds)))
  end
  if not native.sleep(number) then
    err.raise { kind = "cancelled", operation = "sleep", message = "the wait was cancelled" }
  end
end

return task
