-- ready, delayed, waiting -> dropped: end a job now. Leased items are dropped when their container next speaks,
-- or when their lease ends. Of a failed job, the stages that never opened are dropped, and its dead letters can be
-- requeued no more; a job of which nothing is left to drop stays as it ended.
--
-- Keys     job:<id> (hash), job:<id>:ready (list), job:<id>:stage:<n> (list), job:<id>:delayed (set), job:<id>:history (hash),
--          lane:<lane> (zset), delayed (zset), expiring (zset)
-- ARGV[3]  job id
-- Output   the state the job was in, or nil when there is none
-- Uses     names, commands, counters, events, leases, expiry, stages

local id = ARGV[3]
local job = job_of(id)
local state, waiting = job.state, math.max(0, job.waiting)
if state ~= 'active' and not (state == 'failed' and waiting > 0) then return finish(state) end
call('ZREM', P .. 'expiring', expiring_member(id, waiting))
call('UNLINK', job_key(id, 'ready'))
call('ZREM', P .. 'lane:' .. job.lane, id)
move(id, 'ready', 'dropped', math.max(0, job.ready))
weigh(id, -job.ready_weight_ms)
local got = call('HMGET', job_key(id), 'stage', 'stages')
local first, last = later_stages(got[1], got[2])
for stage = first, last do call('UNLINK', job_key(id, 'stage:' .. stage)) end
move(id, 'waiting', 'dropped', waiting)
for _, item in ipairs(members_of(job_key(id, 'delayed'))) do
  if call('ZREM', P .. 'delayed', id .. '/' .. item) == 1 then drop(id, item, 'delayed') end
end
call('DEL', job_key(id, 'delayed'), job_key(id, 'history'))
event(id, 'cancelled')
end_job(id, 'cancelled')
return finish(state)
