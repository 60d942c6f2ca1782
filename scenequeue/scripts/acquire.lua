-- Become, or stay, the one dispatcher that acts.
--
-- Keys     dispatcher (hash), fence (string)
-- ARGV[3]  owner that asks
-- ARGV[4]  how long the lock lasts (ms)
-- Output   the fencing number, higher at every change of holder; 0 when another holds the lock
-- Uses     names, commands, clock

--- No lock lasts longer. One that seems to was taken before the server's clock went back, and its holder has ended: else it would
--- have renewed the lock by now.
local MAX_LOCK_MS = 600000

local owner, ttl_ms = ARGV[3], ARGV[4]
local key = SHARED .. 'dispatcher'
-- Deletes nothing, but is a write, which a replica refuses. So a dispatcher on stand-by, too, notices that the server is no primary.
call('HDEL', key, '')
local got = call('HMGET', key, 'owner', 'fence')
local fence = num(got[2])
if got[1] ~= owner then
  local left_ms = got[1] and call('PTTL', key)
  -- Our programs always set an expiry; a lock without one was written by somebody else, and gets one.
  if left_ms == -1 then call('PEXPIRE', key, ttl_ms) end
  if left_ms and left_ms <= MAX_LOCK_MS then return 0 end
  fence = 0
end
if fence < 1 then
  -- At least the time in ms, so that a Redis which has lost its last writes gives no number out twice.
  fence = math.max(NOW_MS, num(call('GET', SHARED .. 'fence')) + 1)
  call('SET', SHARED .. 'fence', fence)
  call('HSET', key, 'owner', owner, 'fence', fence)
end
call('PEXPIRE', key, ttl_ms)
return fence
