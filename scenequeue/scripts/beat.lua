-- Store a container's report about itself.
--
-- Keys     container:<id> (hash), container:<id>:log (list), containers (zset)
-- ARGV[3]  container id
-- ARGV[4]  how long its record is kept without news (s)
-- ARGV[5]  1 when it leaves, else 0
-- ARGV[6…] field, value; repeated
-- Output   1 when it is to drain, else 0
-- Uses     names, commands, clock, draining

local container = ARGV[3]
local key = SHARED .. 'container:' .. container
-- First, so that a user without permission is refused before anything changes.
local is_to_drain = is_draining(container)
call('HSET', key, 'beat_ms', NOW_MS, unpack(ARGV, 6))
if ARGV[5] == '1' then call('HSET', key, 'state', 'gone', 'ended_ms', NOW_MS) end
call('EXPIRE', key, ARGV[4])
call('EXPIRE', key .. ':log', ARGV[4])
call('ZADD', SHARED .. 'containers', 'NX', NOW_MS, container)
return is_to_drain and 1 or 0
