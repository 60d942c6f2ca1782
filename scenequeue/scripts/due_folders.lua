-- Take working folders that are to be removed now: of jobs that are done or cancelled, and of those that have expired.
--
-- Keys     jobs:folders (zset), job:<id> (hash), dispatcher (hash)
-- ARGV[3]  fencing number of the dispatcher
-- ARGV[4]  how many folders are looked at at most (count)
-- ARGV[5]  time in which they are not taken again (ms)
-- Output   job id, address; repeated. None when the number is stale (nothing is changed)
-- Uses     names, commands, clock, fence, folders

--- A cancelled job is looked at so often (ms) while a container may still write there.
local LEASED_LOOK_MS = 5000

--- Time until a job's folder may be removed (ms); nil if that is now.
local function pause_of(id)
  local got = call('HMGET', job_key(id), 'state', 'leased')
  local state = got[1]
  if state == 'active' then return FOLDER_LOOK_MS end
  if state == 'cancelled' and num(got[2]) > 0 then return LEASED_LOOK_MS end
  if not state or state == 'done' or state == 'cancelled' then return nil end
  -- It has failed: a requeue finds what is done, until its keys expire.
  local left_ms = call('PTTL', job_key(id))
  return left_ms < 0 and FOLDER_LOOK_MS or left_ms + 1
end

if is_deposed(ARGV[3]) then return {} end
local found = {}
for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'jobs:folders', '-inf', NOW_MS, 'LIMIT', 0, ARGV[4])) do
  local id, address = string.match(member, '^(%w[%w._-]*) (.+)$')
  if id then
    local pause_ms = pause_of(id)
    if not pause_ms then found[#found + 1], found[#found + 2] = id, address end
    call('ZADD', P .. 'jobs:folders', NOW_MS + (pause_ms or tonumber(ARGV[5])), member)
  else
    call('ZREM', P .. 'jobs:folders', member)
  end
end
return found
