-- Stop giving out leases, or go on, and make the bell agree.
--
-- Keys     control (hash)
-- ARGV[3]  1 to pause, 0 to resume
-- Output   1
-- Uses     names, commands, clock, counters

if ARGV[3] == '1' then
  call('HSET', SHARED .. 'control', 'paused', NOW_MS)
else
  call('HDEL', SHARED .. 'control', 'paused')
end
check_bell()
return finish(1)
