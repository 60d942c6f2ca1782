-- The audit repairs counters and indexes that a foreign writer or a loss has damaged, some jobs at a time.
--
-- Keys     jobs (zset), notices (zset), wished (zset), containers (zset), rates (hash), control (hash),
--          leases (zset), delayed (zset), dead (zset), job:<id>:delayed (set), counts (hash), needs (set)
-- Uses     names, commands, clock, counters, job_index, lanes, stages

--- Jobs of the index that are looked at by each step, one after another; of the rings, as many of each.
local AUDITED = 20
--- No lease lasts longer.
local LONGEST_LEASE_MS = 86400000

--- An active job has its place in a ring exactly while it has ready items of that need, and its retries are in the index
--- of all.
local function audit_job(id)
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

--- The ready items of a need in a lane: counted where its ring is short, else at least one of each job.
local function audit_ring(lane, need)
  local ring = ring_of(lane, need)
  local size = call('ZCARD', ring)
  if size > AUDITED then return math.max(size, count_of('ready:' .. lane .. ':' .. need)) end
  local ready, weight_ms = 0, 0
  for _, job in ipairs(call('ZRANGE', ring, 0, -1)) do
    if is_job_id(job) then
      audit_job(job)
      ready = ready + math.max(0, count_of_need(job, 'ready:' .. need))
      weight_ms = weight_ms + math.max(0, count_of_need(job, 'weight:' .. need))
    end
  end
  return ready, weight_ms
end

--- Every need with a counter, or that ever had ready items.
--- counted  fields of `counts`
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

--- The fields of `counts`; a hash with more of them than any of ours is removed, and counted anew.
local function counted_fields()
  local key, found = P .. 'counts', {}
  if call('HLEN', key) > SET_LIMIT then call('UNLINK', key) end
  for _, field in ipairs(call('HKEYS', key)) do found[field] = true end
  return found
end

local function audit_counts()
  local right, counted = { ready = 0 }, counted_fields()
  local needs = known_needs(counted)
  for _, need in ipairs(needs) do
    for _, lane in ipairs(LANES) do
      local ready, weight_ms = audit_ring(lane, need)
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

local function audit()
  -- Read by commands of their own, which cannot mend their types.
  for _, index in ipairs({ 'jobs', 'notices', 'wished' }) do call('ZCARD', P .. index) end
  call('ZCARD', SHARED .. 'containers')
  call('HGET', SHARED .. 'rates', '')
  local cursor = 'audited:' .. string.match(P, '(%d+):$')
  local from = num(call('HGET', SHARED .. 'control', cursor))
  local jobs = call('ZRANGE', P .. 'jobs', from, from + AUDITED - 1)
  local onwards = #jobs < AUDITED and 0 or from + AUDITED
  if onwards ~= from then call('HSET', SHARED .. 'control', cursor, onwards) end
  for _, job in ipairs(jobs) do
    if is_job_id(job) then
      audit_job(job)
    else
      call('ZREM', P .. 'jobs', job)
    end
  end
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'leases', NOW_MS + LONGEST_LEASE_MS, '+inf', 'LIMIT', 0, AUDITED)) do
    call('ZADD', P .. 'leases', NOW_MS, member)
  end
  audit_counts()
end
