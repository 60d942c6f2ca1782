-- Stop giving out leases, or go on, and make the bells agree.
--
-- Keys     control (hash), needs (set)
-- ARGV[3]  1 to pause, 0 to resume
-- Output   1
-- Uses     names, commands, clock, counters

if ARGV[3] == '1' then
  call('HSET', SHARED .. 'control', 'paused', NOW_MS)
else
  call('HDEL', SHARED .. 'control', 'paused')
end
for _, need in ipairs(members_of(P .. 'needs')) do check_bell(need) end
return finish(1)
