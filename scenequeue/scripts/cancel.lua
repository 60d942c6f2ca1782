-- ready, delayed, waiting -> dropped: end a job now. Leased items are dropped when their container next speaks,
-- or when their lease ends. Of a failed job, the stages that never opened are dropped, and its dead letters can be
-- requeued no more; a job of which nothing is left to drop stays as it ended.
--
-- ARGV[3]  job id
-- Output   the state the job was in, or nil when there is none

local job = ARGV[3]
local key = job_key(job)
local got = call('HMGET', key, 'state', 'ready', 'waiting', 'ready_weight_ms', 'stage', 'stages')
local waiting = math.max(0, num(got[3]))
if got[1] ~= 'active' and not (got[1] == 'failed' and waiting > 0) then return got[1] end
call('ZREM', P .. 'expiring', expiring_member(job, waiting))
call('UNLINK', job_key(job, 'ready'))
call('ZREM', P .. 'lane:' .. job_facts(job).lane, job)
move(job, 'ready', 'dropped', math.max(0, num(got[2])))
weigh(job, -num(got[4]))
local first, last = later_stages(got[5], got[6])
for stage = first, last do call('UNLINK', job_key(job, 'stage:' .. stage)) end
move(job, 'waiting', 'dropped', waiting)
for _, item in ipairs(members_of(job_key(job, 'delayed'))) do
  if call('ZREM', P .. 'delayed', job .. '/' .. item) == 1 then drop(job, item, 'delayed') end
end
call('DEL', job_key(job, 'delayed'), job_key(job, 'history'))
event(job, 'cancelled')
flush()
end_job(job, 'cancelled')
return got[1]
