-- Become, or stay, the one dispatcher that acts.
--
-- ARGV[3]  who asks
-- ARGV[4]  how long the lock lasts (ms)
-- Output   the fencing number, higher at every change of holder; 0 when another holds the lock

--- No lock lasts so long. One that seems to was taken before the server's clock went back, and whoever holds it is gone: it
--- would have taken it anew by now.
local LONGEST_LOCK_MS = 600000

local owner, ttl_ms = ARGV[3], ARGV[4]
local key = P .. 'dispatcher'
-- Removes nothing; a replica refuses it. One that stands by learns so too that this is not the primary any more.
redis.call('HDEL', key, '')
local holder = redis.call('HGET', key, 'owner')
if holder and holder ~= owner and redis.call('PTTL', key) <= LONGEST_LOCK_MS then return 0 end
if holder ~= owner then redis.call('HSET', key, 'owner', owner, 'fence', redis.call('INCR', P .. 'fence')) end
redis.call('PEXPIRE', key, ttl_ms)
return tonumber(redis.call('HGET', key, 'fence'))
