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
local was = ARGV[5] == '1' and call('HMGET', key, 'stop_ms', 'exit_reason') or {}
call('HSET', key, 'beat_ms', NOW_MS, unpack(ARGV, 6))
if ARGV[5] == '1' then call('HSET', key, 'state', 'gone', 'ended_ms', NOW_MS) end
-- The container knows only that it was told to stop, and not by whom.
if num(was[1]) > 0 and was[2] and was[2] ~= '' then call('HSET', key, 'exit_reason', was[2]) end
call('EXPIRE', key, ARGV[4])
call('EXPIRE', key .. ':log', ARGV[4])
call('ZADD', SHARED .. 'containers', 'NX', NOW_MS, container)
return is_to_drain and 1 or 0
