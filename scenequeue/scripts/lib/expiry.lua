-- The end of ended jobs: their keys expire by themselves, their places in indexes and counters go here.
--
-- Keys     expiring (zset), jobs (zset), notices (zset)
-- Uses     names, commands, clock, counters

--- The member of `expiring`: the job, and how many items of it then leave the counts of what waits, if any do.
local function expiring_member(id, waiting)
  return waiting > 0 and (id .. ' ' .. waiting) or id
end

--- Ended jobs whose keys have expired leave the indexes; stages that never opened are dropped with them.
local function forget_expired(limit)
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'expiring', '-inf', NOW_MS, 'LIMIT', 0, limit)) do
    local id, waiting = string.match(member, '^(%w[%w._-]*) ?(%d*)$')
    call('ZREM', P .. 'expiring', member)
    if id then
      call('ZREM', P .. 'jobs', id)
      call('ZREM', P .. 'notices', id)
      count('waiting', -num(waiting))
      count('dropped', num(waiting))
    end
  end
end
