-- Make all retries of a job due now, whatever is left of their pauses. The acting dispatcher makes them ready at its next tick.
--
-- Keys     job:<id>:delayed (set), delayed (zset)
-- ARGV[3]  job id
-- ARGV[4]  name of the operator, for the audit log; '' for a program
-- ARGV[5]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[6]  a random word that all steps of the act share, see record_part(); '' where this is the only one
-- Output   how many retries are due earlier now; -1 without such a job
-- Uses     names, commands, clock, counters, acts

require_operator()
local id = ARGV[3]
if not job_of(id).state then return finish(-1) end
local hastened = 0
for _, item in ipairs(members_of(job_key(id, 'delayed'))) do
  hastened = hastened + call('ZADD', P .. 'delayed', 'XX', 'LT', 'CH', NOW_MS, id .. '/' .. item)
end
if hastened > 0 then record_part(ARGV[4], ARGV[5], 'retry', 'job=' .. id, hastened, ARGV[6]) end
return finish(hastened)
