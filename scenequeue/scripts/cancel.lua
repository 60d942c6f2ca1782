-- ready, delayed, waiting -> dropped: end a job now. Leased items are dropped when their container next speaks,
-- or when their lease ends. Of a failed job, the stages that never opened are dropped, and its dead letters can be
-- requeued no more; a job of which nothing is left to drop stays as it ended.
--
-- Keys     job:<id> (hash), job:<id>:stage:<n>:<need> (list), job:<id>:delayed (set), job:<id>:history (hash),
--          delayed (zset), expiring (zset)
-- ARGV[3]  job id
-- ARGV[4]  name of the operator, for the audit log; '' for a program
-- ARGV[5]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[6]  a random word that all steps of the act share, see record_part(); '' where this is the only one
-- Output   the state the job was in, or nil when there is none
-- Uses     names, commands, counters, events, lanes, leases, expiry, stages, acts

require_actor()
local id = ARGV[3]
local job = job_of(id)
local state, waiting = job.state, math.max(0, job.waiting)
if state ~= 'active' and not (state == 'failed' and waiting > 0) then return finish(state) end
record_part(ARGV[4], ARGV[5], 'cancel', 'job=' .. id, waiting + math.max(0, job.ready) + math.max(0, job.delayed), ARGV[6])
call('ZREM', P .. 'expiring', expiring_member(id, waiting))
for _, need in ipairs(needs_of(job)) do
  unlink_ready(id, need)
  leave_ring(id, need, job.lane)
  recount_ready(id, need, 0)
end
for _, list in ipairs(waiting_lists(id)) do call('UNLINK', list) end
move(id, 'waiting', 'dropped', waiting)
for _, item in ipairs(members_of(job_key(id, 'delayed'))) do
  if call('ZREM', P .. 'delayed', id .. '/' .. item) == 1 then drop(id, item, 'delayed') end
end
call('DEL', job_key(id, 'delayed'), job_key(id, 'history'))
event(id, 'cancelled')
end_job(id, 'cancelled')
return finish(state)
