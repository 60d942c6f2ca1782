-- ready -> leased: give a container the next items, lane by lane, jobs of a lane taking turns item by item.
--
-- ARGV[3]  container id
-- ARGV[4]  how many items at most (count)
-- ARGV[5]  how long the lease lasts (ms)
-- ARGV[6]  1 when work on them begins now, 0 when the container says so later (begin.lua)
-- Output   job id, item id, token, attempt, deadline (ms), item json; repeated per lease. Empty when there is
--          nothing, the queue is paused, or the container drains.

local container, wanted, lease_ms = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('HEXISTS', P .. 'control', 'paused') == 1 then return {} end
if redis.call('EXISTS', P .. 'drain:' .. container) == 1 then return {} end
promote()

local deadline_ms = NOW_MS + lease_ms
local turn = tonumber(redis.call('HGET', P .. 'counts', 'turn') or 0)
local first_turn = turn
local out = {}
local given = 0

local function give(job, element)
  local item, weight_ms, body = string.match(element, '^(%S+) (%S+) (.*)$')
  turn = turn + 1
  given = given + 1
  local attempt = 1
  local history = redis.call('HGET', job_key(job, 'history'), item)
  if history then attempt = #cjson.decode(history) + 1 end
  local member = job .. '/' .. item
  redis.call('HSET', P .. 'item:' .. member, 'body', body, 'weight_ms', weight_ms, 'token', turn,
    'attempt', attempt, 'container', container, 'begun', ARGV[6])
  redis.call('ZADD', P .. 'leases', deadline_ms, member)
  redis.call('SADD', P .. 'held:' .. container, member)
  move(job, 'ready', 'leased', 1)
  weigh(job, -tonumber(weight_ms))
  event(job, 'leased', 'item_id', item, 'token', turn, 'attempt', attempt, 'container', container)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = job, item, tostring(turn)
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
    end
  end
end
add(P .. 'counts', 'turn', turn - first_turn)
flush()
return out
