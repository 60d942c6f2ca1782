-- Give a container no more leases; it learns so at its next beat.
--
-- Keys     container:<id> (hash), those of draining
-- ARGV[3]  container id
-- ARGV[4]  fencing number of the dispatcher that says so, or '' for an operator
-- ARGV[5]  name of the operator, for the container and the audit log; '' for a program
-- ARGV[6]  the reason that the operator gives, for both; '' for none
-- Output   1, or 0 when the number is stale (nothing is changed)
-- Uses     names, commands, clock, fence, draining, acts

if is_deposed(ARGV[4]) then return 0 end
if not is_draining(ARGV[3]) then
  record_act(ARGV[5], ARGV[6], 'drain', 'container=' .. ARGV[3], 1)
  local key = SHARED .. 'container:' .. ARGV[3]
  if call('EXISTS', key) == 1 then call('HSET', key, 'drain_ms', NOW_MS, 'drain_by', ARGV[5], 'drain_why', ARGV[6]) end
end
mark_draining(ARGV[3], ARGV[5])
return 1
