-- What every step shares; prepended to each script when it is loaded.
--
-- KEYS[1]        the namespace's prefix, "{namespace}:"; keys.py lists every key, its type and its meaning
-- ARGV[1]        about how many events a job keeps (count)
-- ARGV[2]        how long a finished job's keys are kept (s)
--
-- A list element is "<item id> <weight in ms of video> <item json>". A member of the sorted sets is
-- "<job id>/<item id>". Deltas of counters are gathered while a script runs and written once by flush().

local P = KEYS[1]
local EVENT_LIMIT = ARGV[1]
local RESULT_TTL_S = tonumber(ARGV[2])
--- Events of a finished job are only of interest to those who watch it end.
local EVENT_TTL_S = math.min(3600, RESULT_TTL_S)
--- How many due retries one script promotes at most, so that none runs long.
local PROMOTE_LIMIT = 64

local time = redis.call('TIME')
local NOW_MS = time[1] * 1000 + math.floor(time[2] / 1000)

local function job_key(job, part)
  if part then return P .. 'job:' .. job .. ':' .. part end
  return P .. 'job:' .. job
end

local function split_member(member)
  local slash = string.find(member, '/', 1, true)
  return string.sub(member, 1, slash - 1), string.sub(member, slash + 1)
end

--- One read of what scripts ask of a job, kept for the length of the script.
local job_cache = {}
local function job_facts(job)
  local facts = job_cache[job]
  if not facts then
    local got = redis.call('HMGET', job_key(job), 'state', 'lane', 'max_attempts')
    facts = { state = got[1], lane = got[2], max_attempts = tonumber(got[3] or 1) }
    job_cache[job] = facts
  end
  return facts
end

local deltas = {}
local function add(key, field, n)
  local fields = deltas[key]
  if not fields then
    fields = {}
    deltas[key] = fields
  end
  fields[field] = (fields[field] or 0) + n
end

--- Count n items of a job as gone from one state to another; nil is "outside".
local function move(job, from, to, n)
  local key = job_key(job)
  local facts = job_facts(job)
  local lane = facts.lane
  -- A job may expire while a lost container still holds an item of it; it must not come back as a stump.
  if not facts.state then
    if from then add(P .. 'counts', from, -n) end
    if to then add(P .. 'counts', to, n) end
    return
  end
  if from then
    add(key, from, -n)
    add(P .. 'counts', from, -n)
    if from == 'ready' then add(P .. 'counts', 'ready:' .. lane, -n) end
  end
  if to then
    add(key, to, n)
    add(P .. 'counts', to, n)
    if to == 'ready' then add(P .. 'counts', 'ready:' .. lane, n) end
  end
end

--- The weight of ready items changes by ms.
local function weigh(job, ms)
  add(job_key(job), 'ready_weight_ms', ms)
  add(P .. 'counts', 'ready_weight_ms', ms)
end

local function event(job, name, ...)
  redis.call('XADD', job_key(job, 'events'), 'MAXLEN', '~', EVENT_LIMIT, '*', 'event', name, ...)
end

--- Give a job its place among those that have ready items. A newcomer comes before the job that was
--- served last, so it is the very next behind one large job, yet cannot starve it.
local function enter_ring(job)
  local turn = tonumber(redis.call('HGET', P .. 'counts', 'turn') or 0)
  redis.call('ZADD', P .. 'lane:' .. job_facts(job).lane, 'NX', turn - 0.5, job)
end

--- Put an item back at the front of its job.
local function make_ready(job, item, weight_ms, body)
  redis.call('LPUSH', job_key(job, 'ready'), item .. ' ' .. weight_ms .. ' ' .. body)
  weigh(job, weight_ms)
  enter_ring(job)
end

--- Write the gathered counters, then make the doorbell agree with them.
local function flush()
  for key, fields in pairs(deltas) do
    for field, n in pairs(fields) do
      if n ~= 0 then redis.call('HINCRBY', key, field, n) end
    end
  end
  deltas = {}
  local ready = tonumber(redis.call('HGET', P .. 'counts', 'ready') or 0)
  if ready > 0 and redis.call('HEXISTS', P .. 'control', 'paused') == 0 then
    if redis.call('EXISTS', P .. 'bell') == 0 then redis.call('LPUSH', P .. 'bell', '1') end
  else
    redis.call('DEL', P .. 'bell')
  end
end

local JOB_PARTS = { 'results', 'dead', 'history' }

local function end_job(job, state)
  local key = job_key(job)
  redis.call('HSET', key, 'state', state, 'finished_ms', NOW_MS)
  event(job, 'finished', 'state', state)
  redis.call('EXPIRE', key, RESULT_TTL_S)
  for _, part in ipairs(JOB_PARTS) do redis.call('EXPIRE', job_key(job, part), RESULT_TTL_S) end
  local got = redis.call('HMGET', key, 'stage', 'stages', 'callback_url')
  for stage = tonumber(got[1]) + 1, tonumber(got[2]) - 1 do
    redis.call('EXPIRE', job_key(job, 'stage:' .. stage), RESULT_TTL_S)
  end
  redis.call('EXPIRE', job_key(job, 'events'), EVENT_TTL_S)
  redis.call('ZADD', P .. 'expiring', NOW_MS + RESULT_TTL_S * 1000, job)
  if got[3] and got[3] ~= '' then redis.call('ZADD', P .. 'notices', NOW_MS, job) end
end

--- After flush(): open a job's next stage, or end it, when its present one has nothing left to do.
local function settle(job)
  local key = job_key(job)
  local got = redis.call('HMGET', key, 'state', 'ready', 'leased', 'delayed', 'dead', 'waiting', 'stage')
  if got[1] ~= 'active' then return end
  for i = 2, 4 do
    if tonumber(got[i] or 0) > 0 then return end
  end
  local dead, waiting = tonumber(got[5] or 0), tonumber(got[6] or 0)
  if dead > 0 then return end_job(job, 'failed') end
  if waiting == 0 then return end_job(job, 'done') end
  local stage = tonumber(got[7]) + 1
  local source = job_key(job, 'stage:' .. stage)
  local n = redis.call('LLEN', source)
  redis.call('RENAME', source, job_key(job, 'ready'))
  redis.call('HSET', key, 'stage', stage)
  move(job, 'waiting', 'ready', n)
  weigh(job, tonumber(redis.call('HGET', key, 'weight_ms:' .. stage)))
  enter_ring(job)
  event(job, 'stage', 'stage', stage)
  flush()
end

--- The lease of an item ends, whatever comes next.
local function unlease(member, container)
  redis.call('ZREM', P .. 'leases', member)
  if container then redis.call('SREM', P .. 'held:' .. container, member) end
end

--- A leased or delayed item of a cancelled job.
local function drop(job, item, from)
  redis.call('DEL', P .. 'item:' .. job .. '/' .. item)
  move(job, from, 'dropped', 1)
end

--- Append why an attempt failed to the item's history; returns the history as JSON and its length.
local function remember(job, item, attempt, kind, message, container)
  local record = cjson.encode({
    attempt = attempt, error = kind, message = message, container = container or '', at_ms = NOW_MS,
  })
  local key = job_key(job, 'history')
  local history = redis.call('HGET', key, item)
  history = history and (string.sub(history, 1, -2) .. ',' .. record .. ']') or ('[' .. record .. ']')
  redis.call('HSET', key, item, history)
  return history
end

--- Make a dead letter of an item that is leased now. Its whole history goes with it.
local function bury(job, item, attempt, history, body, kind, message, container)
  local member = job .. '/' .. item
  -- A foreign producer may have written anything; a letter must stay JSON all the same.
  local is_json, decoded = pcall(cjson.decode, body)
  if not is_json or type(decoded) ~= 'table' then
    decoded = {}
    body = cjson.encode(body)
  end
  redis.call('HSET', job_key(job, 'dead'), item, '{"job_id":"' .. job .. '","item_id":"' .. item .. '","lane":"'
    .. job_facts(job).lane .. '","buried_ms":' .. NOW_MS .. ',"attempts":' .. attempt .. ',"errors":' .. history
    .. ',"item":' .. body .. '}')
  redis.call('ZADD', P .. 'dead', NOW_MS, member)
  redis.call('HDEL', job_key(job, 'history'), item, item .. '#')
  redis.call('DEL', P .. 'item:' .. member)
  redis.call('HSET', job_key(job, 'results'), item, cjson.encode({
    item_id = item, name = decoded.name or '', state = 'dead', attempts = attempt,
    container = container, error = kind .. ': ' .. message,
  }))
  move(job, 'leased', 'dead', 1)
  event(job, 'dead', 'item_id', item, 'attempt', attempt, 'error', kind)
end

--- An item that was only prepared when its container was lost is not to blame; yet not for ever.
local BLAMELESS_LOSSES = 10

local function is_blameless(job, item, begun)
  return begun ~= '1' and redis.call('HINCRBY', job_key(job, 'history'), item .. '#', 1) <= BLAMELESS_LOSSES
end

--- Take a leased item back from a container that is lost: ready again at the front, its attempt counted if it
--- had begun, or dead when its attempts are used up.
local function take_back(member, kind, message)
  local job, item = split_member(member)
  local got = redis.call('HMGET', P .. 'item:' .. member, 'body', 'weight_ms', 'attempt', 'container', 'token', 'begun')
  unlease(member, got[4])
  local facts = job_facts(job)
  if facts.state ~= 'active' then
    drop(job, item, 'leased')
    return
  end
  local attempt = tonumber(got[3])
  if not is_blameless(job, item, got[6]) then
    local history = remember(job, item, attempt, kind, message, got[4])
    if attempt >= facts.max_attempts then
      bury(job, item, attempt, history, got[1], kind, message, got[4])
      return
    end
  end
  redis.call('DEL', P .. 'item:' .. member)
  move(job, 'leased', 'ready', 1)
  make_ready(job, item, tonumber(got[2]), got[1])
  event(job, 'reclaimed', 'item_id', item, 'attempt', attempt, 'error', kind, 'token', got[5])
end

--- Retries whose time has come are ready again.
local function promote()
  local due = redis.call('ZRANGEBYSCORE', P .. 'delayed', '-inf', NOW_MS, 'LIMIT', 0, PROMOTE_LIMIT)
  for _, member in ipairs(due) do
    local job, item = split_member(member)
    local got = redis.call('HMGET', P .. 'item:' .. member, 'body', 'weight_ms')
    redis.call('ZREM', P .. 'delayed', member)
    redis.call('SREM', job_key(job, 'delayed'), item)
    redis.call('DEL', P .. 'item:' .. member)
    move(job, 'delayed', 'ready', 1)
    make_ready(job, item, tonumber(got[2]), got[1])
  end
  return #due
end
