-- Takes jobs that have expired out of indexes and counters. Their own keys expire by themselves.
--
-- Keys     expiring (zset), notices (zset)
-- Uses     names, commands, clock, counters, job_index

--- A job's member of `expiring`: all that forget_expired() needs to know of a job whose hash is gone by then.
--- waiting  items in stages that have never opened, which are still counted as waiting (count)
local function expiring_member(id, waiting)
  local job = job_of(id)
  return table.concat({ id, math.max(0, waiting), job.state, job.own_lane, job.indexed }, ' ')
end

--- Count the items of a failed job's unopened stages as dropped once it has no dead letter left, because only a requeued letter
--- could have opened them. Changes nothing for any other job.
local function drop_unopened(id)
  local job = job_of(id)
  local waiting = job.waiting
  if job.state ~= 'failed' or job.dead > 0 or waiting <= 0 then return end
  move(id, 'waiting', 'dropped', waiting)
  call('ZREM', P .. 'expiring', expiring_member(id, waiting))
  call('ZADD', P .. 'expiring', num(call('HGET', job_key(id), 'finished_ms')) + RESULT_TTL_S * 1000, expiring_member(id, 0))
end

--- Take jobs whose keys have expired out of all indexes, and count the items of their unopened stages as dropped.
--- limit  jobs at most (count)
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
