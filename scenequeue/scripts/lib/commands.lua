-- Commands that bear whatever is in their key: whoever has a role's password can write anything into the namespace.
--
-- So each step goes through `call` and `num`, loops over no number that it has read without a bound, and removes or buries
-- what is malformed.

--- Beyond it whole numbers are not exact.
local MOST = 2 ^ 53
--- Members of a set that a step reads at most; a larger one is no container's and no job's.
local SET_LIMIT = 100000
--- Lua hands over some thousand arguments at once and no more; this many, an even number.
local ARGUMENTS_LIMIT = 4000

--- redis.call with a key; but one of the wrong type is removed first, and so is a stream that takes no more entries.
local function call(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  local problem = tostring(answer.err)
  if string.find(problem, 'WRONGTYPE', 1, true) or (command == 'XADD' and string.find(problem, ' ID', 1, true)) then
    redis.call('UNLINK', key)
  end
  -- Whatever else it was is raised here.
  return redis.call(command, key, ...)
end

--- The number that a field holds; 0 where it holds none, or none that we count to.
local function num(text)
  local n = tonumber(text)
  if not n or n ~= n or n > MOST or n < -MOST then return 0 end
  return n
end

local function members_of(key)
  if call('SCARD', key) > SET_LIMIT then
    call('UNLINK', key)
    return {}
  end
  return call('SMEMBERS', key)
end

--- One command with many arguments behind its key, in as few calls as can be; none when there are none.
local function call_with(command, key, arguments)
  for at = 1, #arguments, ARGUMENTS_LIMIT do
    call(command, key, unpack(arguments, at, math.min(#arguments, at + ARGUMENTS_LIMIT - 1)))
  end
end
