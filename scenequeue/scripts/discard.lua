-- dead -> dropped: forget a dead letter for good.
--
-- The item stays undone, so the job ends, or has ended, as failed: its next stage would miss what was not made. With the
-- last letter of an ended job goes what could still be requeued, and so the stages that wait are dropped too.
--
-- ARGV[3]  job id
-- ARGV[4]  item id
-- Output   1, or 0 when there is no such dead letter

local job, item = ARGV[3], ARGV[4]
if call('HDEL', job_key(job, 'dead'), item) == 0 then return 0 end
call('ZREM', P .. 'dead', job .. '/' .. item)
move(job, 'dead', 'dropped', 1)
event(job, 'dropped', 'item_id', item)
flush()
local got = call('HMGET', job_key(job), 'state', 'dead', 'waiting')
local waiting = num(got[3])
if got[1] == 'failed' and num(got[2]) == 0 and waiting > 0 then
  move(job, 'waiting', 'dropped', waiting)
  flush()
  call('ZREM', P .. 'expiring', expiring_member(job, waiting))
  call('ZADD', P .. 'expiring', num(call('HGET', job_key(job), 'finished_ms')) + RESULT_TTL_S * 1000, job)
end
return 1
