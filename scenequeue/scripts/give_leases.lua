-- ready -> leased: give a container the next items. A part of lease.lua and exchange.lua.

--- Items of a job that go out by one command at most.
local PULL_LIMIT = 1000
local LANES = { 'urgent', 'normal', 'bulk' }

--- What this very call has taken before and the container still holds, in the order of then.
local function taken_before(container, call, deadline_ms)
  local found = {}
  for _, member in ipairs(redis.call('SMEMBERS', P .. 'held:' .. container)) do
    local got = redis.call('HMGET', P .. 'item:' .. member, 'token', 'container', 'attempt', 'body')
    if got[1] and got[2] == container and string.sub(got[1], 1, #call + 1) == call .. '-' then
      found[#found + 1] = { tonumber(string.sub(got[1], #call + 2)), member, got[1], tonumber(got[3]), got[4] }
    end
  end
  table.sort(found, function(a, b) return a[1] < b[1] end)
  local out = {}
  for _, each in ipairs(found) do
    local job, item = split_member(each[2])
    redis.call('ZADD', P .. 'leases', 'XX', deadline_ms, each[2])
    for _, field in ipairs({ job, item, each[3], each[4], deadline_ms, each[5] }) do out[#out + 1] = field end
  end
  return out
end

--- What no producer of ours has written, and cannot be taken apart: kept as a dead letter under a name of its own.
local function bury_malformed(job, element, item, container)
  if job_facts(job).state ~= 'active' then return move(job, 'ready', 'dropped', 1) end
  local kind, message = 'BadInput', 'not a list element "<item id> <weight ms> <json>"; a foreign writer?'
  local history = remember(job, item, 1, kind, message, container)
  bury(job, item, 'ready', { attempt = 1, body = element, container = container, is_foreign = true }, history, kind, message)
end

--- After malformed elements of a job: what one weighed, and whether it was ever counted, is not known; of an empty list
--- both are.
local function recount_empty(job)
  flush()
  local rest = redis.call('HMGET', job_key(job), 'ready', 'ready_weight_ms')
  local uncounted = -tonumber(rest[1] or 0)
  if uncounted > 0 then move(job, nil, 'ready', uncounted) end
  weigh(job, -tonumber(rest[2] or 0))
end

--- Arguments and answer as lease.lua says.
local function give_leases(container, wanted, lease_ms, begun, call)
  local held_key = P .. 'held:' .. container
  local asked_key = held_key .. ':call'
  local deadline_ms = NOW_MS + lease_ms
  if redis.call('GET', asked_key) == call then return taken_before(container, call, deadline_ms) end
  if is_paused() or redis.call('EXISTS', P .. 'drain:' .. container) == 1 then return {} end
  promote()

  local turn = tonumber(redis.call('HGET', P .. 'counts', 'turn') or 0)
  local first_turn = turn
  local out, given = {}, 0
  local malformed, emptied = {}, {}

  --- Of all elements of a job that go out at once, what is the same for each is written once.
  local function give(job, elements)
    local items, turns, weights, bodies = {}, {}, {}, {}
    for _, element in ipairs(elements) do
      turn = turn + 1
      local item, weight_ms, body_at = string.match(element, '^([%w._-]+) (%d+) ()')
      if item then
        local n = #items + 1
        items[n], turns[n], weights[n], bodies[n] = item, turn, weight_ms, string.sub(element, body_at)
      else
        bury_malformed(job, element, 'malformed-' .. call .. '-' .. turn, container)
        malformed[job] = true
      end
    end
    if not items[1] then return end
    local histories = redis.call('HMGET', job_key(job, 'history'), unpack(items))
    local members, deadlines, weight_sum_ms = {}, {}, 0
    local at = #out
    for n, item in ipairs(items) do
      local member, token, attempt = job .. '/' .. item, call .. '-' .. turns[n], attempt_after(histories[n])
      redis.call('HSET', P .. 'item:' .. member, 'body', bodies[n], 'weight_ms', weights[n], 'token', token,
        'attempt', attempt, 'container', container, 'begun', begun)
      event(job, 'leased', 'item_id', item, 'token', token, 'attempt', attempt, 'container', container)
      members[n] = member
      deadlines[2 * n - 1], deadlines[2 * n] = deadline_ms, member
      weight_sum_ms = weight_sum_ms + tonumber(weights[n])
      out[at + 1], out[at + 2], out[at + 3] = job, item, token
      out[at + 4], out[at + 5], out[at + 6] = attempt, deadline_ms, bodies[n]
      at = at + 6
    end
    redis.call('ZADD', P .. 'leases', unpack(deadlines))
    redis.call('SADD', held_key, unpack(members))
    move(job, 'ready', 'leased', #items)
    weigh(job, -weight_sum_ms)
    given = given + #items
  end

  for _, lane in ipairs(LANES) do
    local ring = P .. 'lane:' .. lane
    while given < wanted do
      local jobs = redis.call('ZRANGE', ring, 0, 1)
      local job = jobs[1]
      if not job then break end
      local ready_key = job_key(job, 'ready')
      -- A job alone in its lane has nobody to take turns with.
      local count = jobs[2] and 1 or math.min(wanted - given, PULL_LIMIT)
      local elements = redis.call('LPOP', ready_key, count) or {}
      give(job, elements)
      if #elements == count and redis.call('EXISTS', ready_key) == 1 then
        redis.call('ZADD', ring, turn, job)
      else
        redis.call('ZREM', ring, job)
        emptied[job] = true
      end
    end
  end
  if turn > first_turn then add(P .. 'counts', 'turn', turn - first_turn) end
  if given > 0 then
    redis.call('SET', asked_key, call, 'EX', HELD_TTL_S)
    redis.call('EXPIRE', held_key, HELD_TTL_S)
  end
  for job in pairs(malformed) do
    if emptied[job] then recount_empty(job) end
    settle(job)
  end
  return out
end
