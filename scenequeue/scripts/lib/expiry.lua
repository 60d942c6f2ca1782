-- The end of ended jobs: their keys expire by themselves, their places in indexes and counters go here.
--
-- Keys     expiring (zset), notices (zset)
-- Uses     names, commands, clock, counters, job_index

--- The member of `expiring`: all that is needed to forget a job whose hash is gone.
--- waiting  its items that then leave the count of waiting ones
local function expiring_member(id, waiting)
  local job = job_of(id)
  return table.concat({ id, math.max(0, waiting), job.state, job.lane, job.indexed }, ' ')
end

--- When the last dead letter of a failed job was discarded: nothing can open its later stages any more.
local function drop_unopened(id)
  local job = job_of(id)
  local waiting = job.waiting
  if job.state ~= 'failed' or job.dead > 0 or waiting <= 0 then return end
  move(id, 'waiting', 'dropped', waiting)
  call('ZREM', P .. 'expiring', expiring_member(id, waiting))
  call('ZADD', P .. 'expiring', num(call('HGET', job_key(id), 'finished_ms')) + RESULT_TTL_S * 1000, expiring_member(id, 0))
end

--- Ended jobs whose keys have expired leave the indexes; stages that never opened are dropped with them.
local function forget_expired(limit)
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'expiring', '-inf', NOW_MS, 'LIMIT', 0, limit)) do
    local id, waiting, state, lane, indexed = string.match(member, '^(%w[%w._-]*) (%d+) (%l+) (%l+) (.*)$')
    call('ZREM', P .. 'expiring', member)
    if id then
      unindex_job(id, state, lane, indexed)
      call('ZREM', P .. 'notices', id)
      count('waiting', -num(waiting))
      count('dropped', num(waiting))
    end
  end
end
