-- Pauses of jobs. A paused job has its pause, as JSON, in its hash; its ready items wait under PAUSED in place of its lane.
--
-- Keys     job:<id> (hash), jobs:paused (zset)
-- Uses     names, commands, counters, lanes

--- Let a job's ready items wait under another name: move its places in rings and its part of the queue's counters.
--- lane  the job's own, or PAUSED
local function regroup(id, lane)
  local job = job_of(id)
  local before = job.lane
  job.lane = lane
  for _, need in ipairs(needs_of(job)) do
    for _, what in ipairs({ 'ready:', 'weight:' }) do
      local amount = count_of_need(id, what .. need)
      count(what .. before .. ':' .. need, -amount)
      count(what .. lane .. ':' .. need, amount)
    end
    check_bell(need)
    leave_ring(id, need, before)
    if ready_length(id, need) > 0 then enter_ring(id, need) end
  end
end

--- End the pause of a job.
local function lift_pause(id)
  local job = job_of(id)
  call('HDEL', job_key(id), 'paused')
  call('ZREM', P .. 'jobs:paused', id)
  job.pause = nil
  regroup(id, job.own_lane)
end
