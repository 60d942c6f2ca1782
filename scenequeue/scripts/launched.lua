-- Write down that an intent became a container. Fields that the container has written by then are kept.
--
-- Keys     container:<id> (hash)
-- ARGV[3]  container id
-- ARGV[4]  how long its record is kept without news (s)
-- ARGV[5…] field, value; repeated
-- Output   1
-- Uses     names, commands, clock

local key = SHARED .. 'container:' .. ARGV[3]
call('HSET', key, 'launched_ms', NOW_MS, unpack(ARGV, 5))
if call('HGET', key, 'state') == 'intended' then call('HSET', key, 'state', 'launched') end
call('EXPIRE', key, ARGV[4])
return 1
