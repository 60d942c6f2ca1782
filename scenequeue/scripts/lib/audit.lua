-- The audit mends what a foreign writer, or a loss, has made of counters and indexes, some jobs at a time.
--
-- Keys     jobs (zset), notices (zset), wished (zset), containers (zset), rates (hash), bell (list), control (hash),
--          leases (zset), delayed (zset), dead (zset), lane:<lane> (zset), job:<id>:ready (list), job:<id>:delayed (set)
-- Uses     names, commands, clock, counters, lanes, stages

--- Jobs of the index that are looked at by each step, one after another; of the rings, as many of each.
local AUDITED = 20
--- No lease lasts longer.
local LONGEST_LEASE_MS = 86400000

--- An active job has its place in a ring exactly while it has ready items, and its retries are in the index of all.
local function audit_job(id)
  local job = job_of(id)
  if job.state ~= 'active' then return end
  local length = call('LLEN', job_key(id, 'ready'))
  local was = job.ready
  recount_ready(id, length)
  if length > 0 then
    enter_ring(id)
  else
    call('ZREM', P .. 'lane:' .. job.lane, id)
  end
  if job.delayed > 0 then
    for _, item in ipairs(members_of(job_key(id, 'delayed'))) do
      local member = id .. '/' .. item
      if split_member(member) then call('ZADD', P .. 'delayed', 'NX', NOW_MS, member) end
    end
  end
  if length ~= was then finish_stage_if_done(id) end
end

--- The ready items of a lane: counted where its ring is short, else at least one of each job.
local function audit_lane(lane)
  local ring = P .. 'lane:' .. lane
  local size = call('ZCARD', ring)
  if size > AUDITED then return math.max(size, count_of('ready:' .. lane)) end
  local ready, weight_ms = 0, 0
  for _, job in ipairs(call('ZRANGE', ring, 0, -1)) do
    if is_job_id(job) then
      audit_job(job)
      ready = ready + math.max(0, job_of(job).ready)
      weight_ms = weight_ms + math.max(0, job_of(job).ready_weight_ms)
    end
  end
  return ready, weight_ms
end

local function audit_counts()
  local right = { ready = 0, ready_weight_ms = 0 }
  for _, lane in ipairs(LANES) do
    local ready, weight_ms = audit_lane(lane)
    right['ready:' .. lane] = ready
    right.ready = right.ready + ready
    right.ready_weight_ms = weight_ms and right.ready_weight_ms and right.ready_weight_ms + weight_ms
  end
  for state, index in pairs({ leased = 'leases', delayed = 'delayed', dead = 'dead' }) do
    right[state] = call('ZCARD', P .. index)
  end
  for _, field in ipairs({ 'waiting', 'done', 'dropped', 'turn' }) do right[field] = count_of(field) end
  if not right.ready_weight_ms then right.ready_weight_ms = count_of('ready_weight_ms') end
  if right.turn == 0 then
    -- Restart above every place in the rings: with a lower turn, new jobs would be served before all that wait.
    for _, lane in ipairs(LANES) do
      local last = call('ZREVRANGE', P .. 'lane:' .. lane, 0, 0, 'WITHSCORES')
      right.turn = math.max(right.turn, math.ceil(num(last[2])))
    end
  end
  for field, value in pairs(right) do count_to(field, value) end
end

local function audit()
  -- Read by commands of their own, which cannot mend their types.
  for _, index in ipairs({ 'jobs', 'notices', 'wished' }) do call('ZCARD', P .. index) end
  call('ZCARD', SHARED .. 'containers')
  call('HGET', P .. 'rates', '')
  call('LLEN', P .. 'bell')
  local from = num(call('HGET', SHARED .. 'control', 'audited'))
  local jobs = call('ZRANGE', P .. 'jobs', from, from + AUDITED - 1)
  local onwards = #jobs < AUDITED and 0 or from + AUDITED
  if onwards ~= from then call('HSET', SHARED .. 'control', 'audited', onwards) end
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
  check_bell()
end
