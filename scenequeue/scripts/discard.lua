-- dead -> dropped: forget a dead letter for good.
--
-- ARGV[3]  job id
-- ARGV[4]  item id
-- Output   1, or 0 when there is no such dead letter

local job, item = ARGV[3], ARGV[4]
if redis.call('HDEL', job_key(job, 'dead'), item) == 0 then return 0 end
redis.call('ZREM', P .. 'dead', job .. '/' .. item)
move(job, 'dead', 'dropped', 1)
event(job, 'dropped', 'item_id', item)
flush()
return 1
