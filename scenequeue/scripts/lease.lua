-- ready -> leased: give a container the next items, lane by lane, jobs of a lane taking turns item by item.
--
-- ARGV[3]  container id
-- ARGV[4]  how many items at most (count)
-- ARGV[5]  how long the lease lasts (ms)
-- ARGV[6]  1 when work on them begins now, 0 when the container says so later (begin.lua)
-- ARGV[7]  the caller's word for this call, used for no other. Tokens are made of it, so none is given out twice, even by
--          a Redis that has lost its last writes or whose clock was set back; and the same call again, after its answer
--          was lost on the way, is answered with what it took, the leases counted from now.
-- Output   job id, item id, token, attempt, deadline (ms), item json; repeated per lease. Empty when there is
--          nothing, the queue is paused, or the container drains.

local container, wanted, lease_ms, call = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[7]
local held_key = P .. 'held:' .. container
local asked_key = held_key .. ':asked'
local deadline_ms = NOW_MS + lease_ms

--- What this very call has taken before and the container still holds, in the order of then.
local function taken_before()
  local found = {}
  for _, member in ipairs(redis.call('SMEMBERS', held_key)) do
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

if redis.call('HGET', asked_key, 'call') == call then return taken_before() end
if redis.call('HEXISTS', P .. 'control', 'paused') == 1 then return {} end
if redis.call('EXISTS', P .. 'drain:' .. container) == 1 then return {} end
promote()

local turn = tonumber(redis.call('HGET', P .. 'counts', 'turn') or 0)
local first_turn = turn
local out = {}
local given = 0
local touched = {}
local emptied = {}

--- What no producer of ours has written, and cannot be taken apart: kept as a dead letter under a name of its own.
local function bury_malformed(job, element)
  if job_facts(job).state ~= 'active' then return move(job, 'ready', 'dropped', 1) end
  local kind, message = 'BadInput', 'not a list element "<item id> <weight ms> <json>"; a foreign writer?'
  local item = 'malformed-' .. call .. '-' .. turn
  local history = remember(job, item, 1, kind, message, container)
  bury(job, item, 'ready', { attempt = 1, body = element, container = container }, history, kind, message)
  touched[job] = true
end

local function give(job, element)
  turn = turn + 1
  local item, weight_ms, body = string.match(element, '^([%w._-]+) (%d+) (.*)$')
  if not item then return bury_malformed(job, element) end
  given = given + 1
  local token = call .. '-' .. turn
  local attempt = next_attempt(job, item)
  local member = job .. '/' .. item
  redis.call('HSET', P .. 'item:' .. member, 'body', body, 'weight_ms', weight_ms, 'token', token,
    'attempt', attempt, 'container', container, 'begun', ARGV[6])
  redis.call('ZADD', P .. 'leases', deadline_ms, member)
  redis.call('SADD', held_key, member)
  move(job, 'ready', 'leased', 1)
  weigh(job, -tonumber(weight_ms))
  event(job, 'leased', 'item_id', item, 'token', token, 'attempt', attempt, 'container', container)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = job, item, token
  out[n + 4], out[n + 5], out[n + 6] = attempt, deadline_ms, body
end

for _, lane in ipairs({ 'urgent', 'normal', 'bulk' }) do
  local ring = P .. 'lane:' .. lane
  while given < wanted do
    local jobs = redis.call('ZRANGE', ring, 0, 1)
    local job = jobs[1]
    if not job then break end
    -- A job alone in its lane has nobody to take turns with.
    local elements = redis.call('LPOP', job_key(job, 'ready'), jobs[2] and 1 or (wanted - given)) or {}
    for _, element in ipairs(elements) do give(job, element) end
    if redis.call('EXISTS', job_key(job, 'ready')) == 1 then
      redis.call('ZADD', ring, turn, job)
    else
      redis.call('ZREM', ring, job)
      emptied[job] = true
    end
  end
end
if turn > first_turn then add(P .. 'counts', 'turn', turn - first_turn) end
if given > 0 then
  redis.call('HSET', asked_key, 'call', call)
  redis.call('EXPIRE', asked_key, HELD_TTL_S)
  redis.call('EXPIRE', held_key, HELD_TTL_S)
end
flush()
for job in pairs(touched) do
  -- What a malformed element weighed, and whether it was ever counted, is not known; of an empty list both are.
  if emptied[job] then
    local rest = redis.call('HMGET', job_key(job), 'ready', 'ready_weight_ms')
    local uncounted = -tonumber(rest[1] or 0)
    if uncounted > 0 then move(job, nil, 'ready', uncounted) end
    weigh(job, -tonumber(rest[2] or 0))
    flush()
  end
  settle(job)
end
return out
