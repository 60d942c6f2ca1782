-- leased -> leased: work on an item begins; from now on, losing its container counts as an attempt.
--
-- ARGV[3]  job id
-- ARGV[4]  item id
-- ARGV[5]  token
-- Output   1, or 0 when the lease is lost (token stale, or job cancelled): then it must not begin

local job, item, token = ARGV[3], ARGV[4], ARGV[5]
local key = P .. 'item:' .. job .. '/' .. item
if redis.call('HGET', key, 'token') ~= token or job_facts(job).state ~= 'active' then return 0 end
redis.call('HSET', key, 'begun', '1')
return 1
