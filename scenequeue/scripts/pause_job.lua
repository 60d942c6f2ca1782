-- Stop giving out leases of one job, or go on. What is leased goes on; what becomes ready of the job waits. A pause that is there
-- already is kept; it ends with the job.
--
-- Keys     job:<id> (hash), jobs:paused (zset)
-- ARGV[3]  job id
-- ARGV[4]  1 to pause, 0 to resume
-- ARGV[5]  when resuming: end only the pause that began at this time (ms); '' for any
-- ARGV[6]  name of the operator, for the pause and the audit log; '' for a program
-- ARGV[7]  the reason that the operator gives, likewise; '' for none
-- ARGV[8]  a random word that all steps of the act share, see record_part(); '' where this is the only one
-- Output   'changed', 'same' when nothing was to be changed, 'absent' (no such job) or 'ended' (it cannot be paused)
-- Uses     names, commands, clock, counters, events, job_pause, acts, pause_words

require_operator()
local id, is_pause, by, why = ARGV[3], ARGV[4] == '1', ARGV[6], ARGV[7]
local job = job_of(id)
if not job.state then return finish('absent') end
if is_pause and job.state ~= 'active' then return finish('ended') end
if is_pause == (job.pause ~= nil) or not (is_pause or is_of_time(job.pause, ARGV[5])) then return finish('same') end
if is_pause then
  job.pause = pause_words(by, why)
  call('HSET', job_key(id), 'paused', job.pause)
  call('ZADD', P .. 'jobs:paused', NOW_MS, id)
  regroup(id, PAUSED)
else
  lift_pause(id)
end
local act = is_pause and 'pause' or 'resume'
event(id, act .. 'd', 'by', by, 'why', why)
record_part(by, why, act, 'job=' .. id, math.max(0, job.ready), ARGV[8])
return finish('changed')
