-- Record that a container has ended; its own exit reason is kept.
--
-- Keys     container:<id> (hash)
-- ARGV[3]  container id
-- ARGV[4]  gone or failed
-- ARGV[5]  why, as JSON of a code and parameters
-- ARGV[6]  how long its record is kept without news (s)
-- ARGV[7]  fencing number of the dispatcher that says so, or ''
-- Output   1, or 0 when the number is stale (nothing is changed)
-- Uses     names, commands, clock, fence

if is_deposed(ARGV[7]) then return 0 end
local key = SHARED .. 'container:' .. ARGV[3]
local said = call('HGET', key, 'exit_reason')
call('HSET', key, 'state', ARGV[4], 'ended_ms', NOW_MS, 'exit_reason', said and said ~= '' and said or ARGV[5])
call('EXPIRE', key, ARGV[6])
return 1
