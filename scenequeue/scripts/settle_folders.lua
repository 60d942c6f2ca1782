-- Record that working folders were removed, or that this is to be tried again.
--
-- Keys     jobs:folders (zset), job:<id> (hash), dispatcher (hash)
-- ARGV[3]  fencing number of the dispatcher
-- ARGV[4]  pause until they are taken again (ms), or '' for folders that were removed
-- ARGV[5…] job id, address; repeated
-- Output   1, or 0 when the number is stale (nothing is changed)
-- Uses     names, commands, clock, fence

if is_deposed(ARGV[3]) then return 0 end
for i = 5, #ARGV, 2 do
  local id, member = ARGV[i], ARGV[i] .. ' ' .. ARGV[i + 1]
  -- A removed one is taken once more when its job has expired: until then, a container that has lost its lease may write there.
  local pause_ms = ARGV[4] == '' and call('PTTL', job_key(id)) or tonumber(ARGV[4])
  if pause_ms < 0 then
    call('ZREM', P .. 'jobs:folders', member)
  else
    call('ZADD', P .. 'jobs:folders', 'XX', NOW_MS + pause_ms + 1, member)
  end
end
return 1
