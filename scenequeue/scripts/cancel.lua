-- ready, delayed, waiting -> dropped: end a job now. Leased items are dropped when their container next speaks,
-- or when their lease ends. Of a failed job, the stages that never opened are dropped, and its dead letters can be
-- requeued no more; a job of which nothing is left to drop stays as it ended.
--
-- ARGV[3]  job id
-- Output   the state the job was in, or nil when there is none

local job = ARGV[3]
local key = job_key(job)
local got = redis.call('HMGET', key, 'state', 'ready', 'waiting', 'ready_weight_ms', 'stage', 'stages')
local waiting = tonumber(got[3] or 0)
if got[1] ~= 'active' and not (got[1] == 'failed' and waiting > 0) then return got[1] end
redis.call('ZREM', P .. 'expiring', expiring_member(job, waiting))
redis.call('UNLINK', job_key(job, 'ready'))
redis.call('ZREM', P .. 'lane:' .. job_facts(job).lane, job)
move(job, 'ready', 'dropped', tonumber(got[2] or 0))
weigh(job, -tonumber(got[4] or 0))
for stage = tonumber(got[5]) + 1, tonumber(got[6]) - 1 do redis.call('UNLINK', job_key(job, 'stage:' .. stage)) end
move(job, 'waiting', 'dropped', waiting)
for _, item in ipairs(redis.call('SMEMBERS', job_key(job, 'delayed'))) do
  redis.call('ZREM', P .. 'delayed', job .. '/' .. item)
  drop(job, item, 'delayed')
end
redis.call('DEL', job_key(job, 'delayed'), job_key(job, 'history'))
event(job, 'cancelled')
flush()
end_job(job, 'cancelled')
return got[1]
