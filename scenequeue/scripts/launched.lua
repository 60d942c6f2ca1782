-- Write down that an intent became a container. What the container has said of itself by then stands.
--
-- ARGV[3]  container id
-- ARGV[4]  how long its record is kept without news (s)
-- ARGV[5…] field, value; repeated

local key = P .. 'container:' .. ARGV[3]
redis.call('HSET', key, 'launched_ms', NOW_MS, unpack(ARGV, 5))
if redis.call('HGET', key, 'state') == 'intended' then redis.call('HSET', key, 'state', 'launched') end
redis.call('EXPIRE', key, ARGV[4])
return 1
