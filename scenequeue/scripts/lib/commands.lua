-- Commands that work whatever their key contains.
--
-- Whoever has the password of one role can write anything into the namespace, and a step that raised an error at it would stop
-- the queue for all. So steps run commands through `call`, read numbers through `num`, bound every loop over a number that they
-- have read, and remove malformed data or make a dead letter of it.

--- Larger whole numbers are not exact in Lua, whose numbers are doubles.
local MAX_INTEGER = 2 ^ 53
--- Largest set that a step reads (members). Neither a container nor a job has a larger one, so such a set is removed.
local SET_LIMIT = 100000
--- Arguments of one command at most; Lua's stack takes some 8,000. Even, so that field and value stay together.
local ARGUMENTS_LIMIT = 4000

--- redis.call with a key. A key of the wrong type is removed first, and so is a stream whose last id is the highest possible one.
local function call(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  local problem = tostring(answer.err)
  if string.find(problem, 'WRONGTYPE', 1, true) or (command == 'XADD' and string.find(problem, ' ID', 1, true)) then
    redis.call('UNLINK', key)
  end
  -- Any other error is raised here.
  return redis.call(command, key, ...)
end

--- The number in a text; 0 if there is none, or one beyond MAX_INTEGER.
local function num(text)
  local n = tonumber(text)
  if not n or n ~= n or n > MAX_INTEGER or n < -MAX_INTEGER then return 0 end
  return n
end

--- The members of a set; a set that is too large is removed.
local function members_of(key)
  if call('SCARD', key) > SET_LIMIT then
    call('UNLINK', key)
    return {}
  end
  return call('SMEMBERS', key)
end

--- Run one command with a list of arguments behind its key, in as few calls as possible; in none if the list is empty.
--- first, last  positions of the arguments in the list; nil is its beginning, and its end
--- Returns the answer of the last call; nil if there was none
local function call_with(command, key, arguments, first, last)
  local answer
  last = last or #arguments
  for at = first or 1, last, ARGUMENTS_LIMIT do
    answer = call(command, key, unpack(arguments, at, math.min(last, at + ARGUMENTS_LIMIT - 1)))
  end
  return answer
end

--- The fields of a hash by HMGET, however many there are.
local function fields_of(key, names)
  local values = {}
  for at = 1, #names, ARGUMENTS_LIMIT do
    local last = math.min(#names, at + ARGUMENTS_LIMIT - 1)
    for i, value in ipairs(call('HMGET', key, unpack(names, at, last))) do values[at + i - 1] = value end
  end
  return values
end
