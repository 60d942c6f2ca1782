-- Record that a post to a job's callback address begins, or how it ended, and when the next is due.
--
-- Keys     notices (zset), job:<id> (hash)
-- ARGV[3]  job id
-- ARGV[4]  pause until the next post (ms), or '' when there is none
-- ARGV[5]  pending, delivered or given_up; '' for a post that has only begun
-- ARGV[6]  why it failed, or ''
-- ARGV[7]  finish time (ms) of the job that was posted, or '' for any. If the job has another by now (it ended again after a
--          requeue, or is another one of this id in another structure), nothing is changed.
-- Output   nil
-- Uses     names, commands, clock

local job, pause_ms, state, problem = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if ARGV[7] ~= '' and call('HGET', job_key(job), 'finished_ms') ~= ARGV[7] then return nil end
if pause_ms == '' then
  call('ZREM', P .. 'notices', job)
else
  call('ZADD', P .. 'notices', 'XX', NOW_MS + tonumber(pause_ms), job)
end
-- A job may expire while it is posted; its key must not be made again with these fields alone.
if state ~= '' and call('EXISTS', job_key(job)) == 1 then
  local tries = num(call('HGET', job_key(job), 'callback_tries')) + 1
  call('HSET', job_key(job), 'callback_state', state, 'callback_error', problem, 'callback_tries', tries)
end
return nil
