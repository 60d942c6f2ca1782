-- Repairs counters and indexes that a foreign writer, or a loss of data, has damaged. Each call looks at some jobs and goes on
-- where the one before has stopped.
--
-- Keys     jobs (zset), notices (zset), wished (zset), containers (zset), rates (hash), control (hash),
--          leases (zset), delayed (zset), dead (zset), job:<id>:delayed (set), counts (hash), needs (set)
-- Uses     names, commands, clock, counters, job_index, lanes, stages

--- Jobs of the index `jobs` that one call looks at; and the longest ring whose jobs it looks at.
local JOBS_AT_ONCE = 20
--- No lease lasts longer. One that seems to was given before the server's clock went back, or by a foreign writer; it ends now.
local MAX_LEASE_MS = 86400000

--- Enter a job in all indexes, correct its counters of ready items, put it into the ring of each need of which it has ready
--- items and out of the others, and enter its retries in `delayed`.
local function repair_job(id)
  local job = job_of(id)
  if not job.state then return end
  index_job(id, num(call('HGET', job_key(id), 'created_ms')))
  if job.state ~= 'active' then return end
  local was_right = true
  for _, need in ipairs(needs_of(job)) do
    local length = ready_length(id, need)
    was_right = was_right and length == count_of_need(id, 'ready:' .. need)
    recount_ready(id, need, length)
    if length > 0 then
      call('SADD', P .. 'needs', need)
      enter_ring(id, need)
    else
      leave_ring(id, need, job.lane)
    end
  end
  if job.delayed > 0 then
    for _, item in ipairs(members_of(job_key(id, 'delayed'))) do
      local member = id .. '/' .. item
      if split_member(member) then call('ZADD', P .. 'delayed', 'NX', NOW_MS, member) end
    end
  end
  if not was_right then finish_stage_if_done(id) end
end

--- The ready items of a need in a lane (count), and their weight (ms).
---
--- A short ring's jobs are repaired and added up. In a longer one each job has at least one ready item, so its length is the
--- least that the counter can be; its weight is nil: not known.
local function repair_ring(lane, need)
  local ring = ring_of(lane, need)
  local size = call('ZCARD', ring)
  if size > JOBS_AT_ONCE then return math.max(size, count_of('ready:' .. lane .. ':' .. need)) end
  local ready, weight_ms = 0, 0
  for _, job in ipairs(call('ZRANGE', ring, 0, -1)) do
    if is_job_id(job) then
      repair_job(job)
      ready = ready + math.max(0, count_of_need(job, 'ready:' .. need))
      weight_ms = weight_ms + math.max(0, count_of_need(job, 'weight:' .. need))
    end
  end
  return ready, weight_ms
end

--- Every need that has a counter, or that ever had ready items; malformed ones are removed.
--- counted  field of `counts` -> true
local function known_needs(counted)
  local is_known, found = {}, {}
  for _, need in ipairs(members_of(P .. 'needs')) do is_known[need] = true end
  for field in pairs(counted) do
    local need = string.match(field, '^%l+:%l+:(.+)$')
    if need then is_known[need] = true end
  end
  for need in pairs(is_known) do
    if is_need(need) and #found < NEED_LIMIT then found[#found + 1] = need else call('SREM', P .. 'needs', need) end
  end
  return found
end

--- The fields of `counts`: field -> true. A hash with more fields than this program ever writes is removed, and then counted anew.
local function counted_fields()
  local key, found = P .. 'counts', {}
  if call('HLEN', key) > SET_LIMIT then call('UNLINK', key) end
  for _, field in ipairs(call('HKEYS', key)) do found[field] = true end
  return found
end

--- Set the counters of the queue to what indexes and rings say, and remove all other fields.
local function repair_counts()
  local right, counted = { ready = 0 }, counted_fields()
  local needs = known_needs(counted)
  for _, need in ipairs(needs) do
    for _, lane in ipairs(LANES) do
      local ready, weight_ms = repair_ring(lane, need)
      right['ready:' .. lane .. ':' .. need] = ready
      right['weight:' .. lane .. ':' .. need] = weight_ms or count_of('weight:' .. lane .. ':' .. need)
      right.ready = right.ready + ready
    end
    check_bell(need)
  end
  for state, index in pairs({ leased = 'leases', delayed = 'delayed', dead = 'dead' }) do
    right[state] = call('ZCARD', P .. index)
  end
  for _, field in ipairs({ 'waiting', 'done', 'dropped', 'turn' }) do right[field] = count_of(field) end
  if right.turn == 0 then
    -- Restart above every place in the rings: with a lower turn, new jobs would be served before all that wait.
    for _, need in ipairs(needs) do
      for _, lane in ipairs(LANES) do
        local last = call('ZREVRANGE', ring_of(lane, need), 0, 0, 'WITHSCORES')
        right.turn = math.max(right.turn, math.ceil(num(last[2])))
      end
    end
  end
  for field, value in pairs(right) do count_to(field, value) end
  for field in pairs(counted) do
    if not right[field] then call('HDEL', P .. 'counts', field) end
  end
end

--- Repair the next jobs of the index, and all counters.
local function repair()
  -- Other programs read these by plain commands; `call` removes a key of the wrong type, which those cannot.
  for _, index in ipairs({ 'jobs', 'notices', 'wished' }) do call('ZCARD', P .. index) end
  call('ZCARD', SHARED .. 'containers')
  call('HGET', SHARED .. 'rates', '')
  local cursor = 'repaired:' .. string.match(P, '(%d+):$')
  local from = num(call('HGET', SHARED .. 'control', cursor))
  local jobs = call('ZRANGE', P .. 'jobs', from, from + JOBS_AT_ONCE - 1)
  local onwards = #jobs < JOBS_AT_ONCE and 0 or from + JOBS_AT_ONCE
  if onwards ~= from then call('HSET', SHARED .. 'control', cursor, onwards) end
  for _, job in ipairs(jobs) do
    if is_job_id(job) then
      repair_job(job)
    else
      call('ZREM', P .. 'jobs', job)
    end
  end
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'leases', NOW_MS + MAX_LEASE_MS, '+inf', 'LIMIT', 0, JOBS_AT_ONCE)) do
    call('ZADD', P .. 'leases', NOW_MS, member)
  end
  repair_counts()
end
