-- Write launch intents and the decision to launch, before anything is launched, if the fencing number is still the acting
-- dispatcher's.
--
-- Keys     container:<id> (hash), containers (zset), decisions (stream)
-- ARGV[3]  fencing number
-- ARGV[4]  how long a container's record is kept without news (s)
-- ARGV[5]  the decision (JSON); '' for none
-- ARGV[6…] container id, record (JSON object of strings); repeated
-- Output   1, or 0 when the number is stale (nothing is written)
-- Uses     names, commands, clock, fence, decisions

if is_deposed(ARGV[3]) then return 0 end
-- First, so that a user without permission is refused before anything changes.
if ARGV[5] ~= '' then record_launch(ARGV[5]) end
for i = 6, #ARGV, 2 do
  local key = SHARED .. 'container:' .. ARGV[i]
  for field, value in pairs(cjson.decode(ARGV[i + 1])) do call('HSET', key, field, value) end
  call('HSET', key, 'intended_ms', NOW_MS, 'state', 'intended')
  call('EXPIRE', key, ARGV[4])
  call('ZADD', SHARED .. 'containers', 'NX', NOW_MS, ARGV[i])
end
return 1
