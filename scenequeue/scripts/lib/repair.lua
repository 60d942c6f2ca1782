-- Repairs counters and indexes that a foreign writer, or a loss of data, has damaged. Each call looks at some jobs and goes on
-- where the one before has stopped.
--
-- Keys     jobs (zset), notices (zset), wished (zset), containers (zset), rates (hash), control (hash),
--          leases (zset), delayed (zset), dead (zset), job:<id>:delayed (set), counts (hash), needs (set)
-- Uses     names, commands, clock, counters, job_index, lanes, stages

--- Jobs of the index `jobs` that one call looks at; and the longest ring whose jobs it looks at.
local JOBS_AT_ONCE = 20
--- Needs whose rings one call repairs; and how many are kept if nothing is ready of some of them.
local NEEDS_AT_ONCE = 64
--- No lease lasts longer. One that seems to was given before the server's clock went back, or by a foreign writer; it ends now.
local MAX_LEASE_MS = 86400000

--- Job id -> true where this step has repaired the job, because a job is in the rings of all its needs.
local repaired = {}

--- Enter a job in all indexes, correct its counters of ready items, put it into the ring of each need of which it has ready
--- items and out of the others, and enter its retries in `delayed`.
local function repair_job(id)
  local job = job_of(id)
  if not job.state or repaired[id] then return end
  repaired[id] = true
  index_job(id, num(call('HGET', job_key(id), 'created_ms')))
  if job.pause then call('ZADD', P .. 'jobs:paused', 'NX', NOW_MS, id) else call('ZREM', P .. 'jobs:paused', id) end
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

--- True for a job that has ready items of a need counted in this lane, or under PAUSED.
local function belongs(id, lane, need)
  if not is_job_id(id) then return false end
  local job = job_of(id)
  return job.state == 'active' and job.lane == lane and has_need(job, need)
end

--- Take some of those that do not belong there out of a long ring of paused jobs, another part each time; from the other rings leases
--- take them.
local function tidy_paused(need, size)
  local from = NOW_MS % size
  for _, id in ipairs(call('ZRANGE', ring_of(PAUSED, need), from, from + JOBS_AT_ONCE - 1)) do
    if not belongs(id, PAUSED, need) then leave_ring(id, need, PAUSED) end
  end
end

--- The ready items of a need in a lane, or of paused jobs (count), and their weight (ms).
---
--- A short ring's jobs are repaired and added up, and what is no job with ready items of this lane and need leaves it. In a longer
--- one each job has at least one ready item, so its length is the least that the counter can be; its weight is nil: not known. The
--- same holds for a ring whose turn it is not.
local function repair_ring(lane, need, is_its_turn)
  local ring = ring_of(lane, need)
  local size = call('ZCARD', ring)
  if size > JOBS_AT_ONCE or (size > 0 and not is_its_turn) then
    if lane == PAUSED then tidy_paused(need, size) end
    return math.max(size, count_of('ready:' .. lane .. ':' .. need))
  end
  local ready, weight_ms = 0, 0
  for _, id in ipairs(size > 0 and call('ZRANGE', ring, 0, -1) or {}) do
    if is_job_id(id) then repair_job(id) end
    if belongs(id, lane, need) then
      ready = ready + math.max(0, count_of_need(id, 'ready:' .. need))
      weight_ms = weight_ms + math.max(0, count_of_need(id, 'weight:' .. need))
    else
      leave_ring(id, need, lane)
    end
  end
  return ready, weight_ms
end

--- True if a job is in the ring of a need, in any lane, or paused.
local function is_in_rings(need)
  for _, lane in ipairs(RINGS) do
    if call('EXISTS', ring_of(lane, need)) == 1 then return true end
  end
  return false
end

--- Every need that has a counter, or that ever had ready items, in alphabetical order. Malformed ones are removed, and, where there
--- are many, those whose rings are empty; never one of which items are ready, however many these are.
--- counted  field of `counts` -> true
local function known_needs(counted)
  local is_known, found, idle, gone = {}, {}, {}, {}
  for _, need in ipairs(members_of(P .. 'needs')) do is_known[need] = true end
  for field in pairs(counted) do
    local need = string.match(field, '^%l+:%l+:(.+)$')
    if need then is_known[need] = true end
  end
  for need in pairs(is_known) do
    local place = not is_need(need) and gone or is_in_rings(need) and found or idle
    place[#place + 1] = need
  end
  table.sort(idle)
  for _, need in ipairs(idle) do
    local place = #found < NEEDS_AT_ONCE and found or gone
    place[#place + 1] = need
  end
  call_with('SREM', P .. 'needs', gone)
  table.sort(found)
  return found
end

--- The place of the need whose turn is next, from 0. The needs take turns where one call cannot repair all.
--- amount  needs there are (count)
local function next_turn(amount)
  if amount <= NEEDS_AT_ONCE then return 0 end
  local field = 'repaired_needs:' .. string.match(P, '(%d+):$')
  local first = num(call('HGET', SHARED .. 'control', field)) % amount
  call('HSET', SHARED .. 'control', field, (first + NEEDS_AT_ONCE) % amount)
  return first
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
  local first = next_turn(#needs)
  for i, need in ipairs(needs) do
    local is_its_turn = (i - 1 - first) % #needs < NEEDS_AT_ONCE
    for _, lane in ipairs(RINGS) do
      local ready, weight_ms = repair_ring(lane, need, is_its_turn)
      right['ready:' .. lane .. ':' .. need] = ready
      right['weight:' .. lane .. ':' .. need] = weight_ms or count_of('weight:' .. lane .. ':' .. need)
      right.ready = right.ready + ready
    end
    check_bell(need)
  end
  for state, index in pairs({ leased = 'leases', delayed = 'delayed', dead = 'dead' }) do
    right[state] = call('ZCARD', P .. index)
  end
  for _, field in ipairs({ 'waiting', 'done', 'films', 'others', 'dropped', 'turn' }) do right[field] = count_of(field) end
  if right.turn == 0 then
    -- Restart above every place in the rings: with a lower turn, new jobs would be served before all that wait.
    for _, need in ipairs(needs) do
      for _, lane in ipairs(RINGS) do
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
  local kept = 0
  for _, job in ipairs(jobs) do
    if is_job_id(job) and call('EXISTS', job_key(job)) == 1 then
      repair_job(job)
      kept = kept + 1
    else
      call('ZREM', P .. 'jobs', job)
      call('ZREM', P .. 'jobs:paused', job)
    end
  end
  local onwards = #jobs < JOBS_AT_ONCE and 0 or from + kept
  if onwards ~= from then call('HSET', SHARED .. 'control', cursor, onwards) end
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'leases', NOW_MS + MAX_LEASE_MS, '+inf', 'LIMIT', 0, JOBS_AT_ONCE)) do
    call('ZADD', P .. 'leases', NOW_MS, member)
  end
  repair_counts()
end
