-- Stop giving out leases, or go on, and make the doorbell agree.
--
-- ARGV[3]  1 to pause, 0 to resume

if ARGV[3] == '1' then
  call('HSET', P .. 'control', 'paused', NOW_MS)
else
  call('HDEL', P .. 'control', 'paused')
end
flush()
return 1
