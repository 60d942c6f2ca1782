-- Stop giving out leases, or go on, and make the bells agree.
--
-- Keys     control (hash), needs (set)
-- ARGV[3]  1 to pause, 0 to resume
-- ARGV[4]  name of the operator, for the audit log; '' for a program
-- ARGV[5]  the reason that the operator gives, for the audit log; '' for none
-- Output   1
-- Uses     names, commands, clock, counters, acts

require_operator()
if ARGV[3] == '1' then
  if call('HEXISTS', SHARED .. 'control', 'paused') == 0 then record_act(ARGV[4], ARGV[5], 'pause', '', 0) end
  call('HSET', SHARED .. 'control', 'paused', NOW_MS)
elseif call('HDEL', SHARED .. 'control', 'paused') == 1 then
  record_act(ARGV[4], ARGV[5], 'resume', '', 0)
end
for _, need in ipairs(members_of(P .. 'needs')) do check_bell(need) end
return finish(1)
