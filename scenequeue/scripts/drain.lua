-- Give a container no more leases; it learns so at its next beat.
--
-- ARGV[3]  container id
-- ARGV[4]  fencing number of the dispatcher that says so, or '' for an operator
-- Output   1, or 0 when the number is stale (nothing is changed)

if is_deposed(ARGV[4]) then return 0 end
call('SET', P .. 'drain:' .. ARGV[3], '1', 'EX', DRAIN_TTL_S)
return 1
