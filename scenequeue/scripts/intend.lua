-- Write launch intents, before anything is launched, if the fencing number is still the acting dispatcher's.
--
-- Keys     container:<id> (hash), containers (zset)
-- ARGV[3]  fencing number
-- ARGV[4]  how long a container's record is kept without news (s)
-- ARGV[5…] container id, record (JSON object of strings); repeated
-- Output   1, or 0 when the number is stale (nothing is written)
-- Uses     names, commands, clock, fence

if is_deposed(ARGV[3]) then return 0 end
for i = 5, #ARGV, 2 do
  local key = SHARED .. 'container:' .. ARGV[i]
  for field, value in pairs(cjson.decode(ARGV[i + 1])) do call('HSET', key, field, value) end
  call('HSET', key, 'intended_ms', NOW_MS, 'state', 'intended')
  call('EXPIRE', key, ARGV[4])
  call('ZADD', SHARED .. 'containers', 'NX', NOW_MS, ARGV[i])
end
return 1
