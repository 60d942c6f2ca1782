-- What every step shares: names, counters, events; with ends.lua prepended to each script when it is loaded.
--
-- KEYS[1]        the namespace's prefix, "{namespace}:"; keys.py lists every key, its type and its meaning
-- ARGV[1]        about how many events a job keeps (count)
-- ARGV[2]        how long a finished job's keys are kept (s)
--
-- A list element is "<item id> <weight in ms of video> <item json>". A member of the sorted sets is
-- "<job id>/<item id>". Deltas of counters are gathered while a script runs and written once by flush().
--
-- Whoever has a role's password can write anything into the namespace. So each step goes through `call` and `num`, loops over
-- no number that it has read without a bound, and removes or buries what is malformed.

local P = KEYS[1]
local EVENT_LIMIT = ARGV[1]
local RESULT_TTL_S = tonumber(ARGV[2])
--- Events of a finished job are only of interest to those who watch it end.
local EVENT_TTL_S = math.min(3600, RESULT_TTL_S)
--- How many due retries one script promotes at most, so that none runs long.
local PROMOTE_LIMIT = 64
--- How long a container gets no leases once it was marked.
local DRAIN_TTL_S = 86400
--- What a container holds is forgotten after so long without a lease or a heartbeat; its leases have ended long before.
local HELD_TTL_S = 86400

--- Later stages of a job that a step looks at.
local STAGE_LIMIT = 1000
--- Members of a set that a step reads at most; a larger one is no container's and no job's.
local SET_LIMIT = 100000
--- Beyond it whole numbers are not exact.
local MOST = 2 ^ 53
--- Of one item; a million of these are still counted exactly.
local MOST_WEIGHT_MS = 1e10
local LANES = { 'urgent', 'normal', 'bulk' }
local IS_LANE = { urgent = true, normal = true, bulk = true }

local time = redis.call('TIME')
local NOW_MS = time[1] * 1000 + math.floor(time[2] / 1000)

--- redis.call with a key; but one of the wrong type is removed first, and so is a stream that takes no more entries.
local function call(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  local problem = tostring(answer.err)
  if string.find(problem, 'WRONGTYPE', 1, true) or (command == 'XADD' and string.find(problem, ' ID', 1, true)) then
    redis.call('UNLINK', key)
  end
  -- Whatever else it was is raised here.
  return redis.call(command, key, ...)
end

--- The number that a field holds; 0 where it holds none, or none that we count to.
local function num(text)
  local n = tonumber(text)
  if not n or n ~= n or n > MOST or n < -MOST then return 0 end
  return n
end

local function job_key(job, part)
  if part then return P .. 'job:' .. job .. ':' .. part end
  return P .. 'job:' .. job
end

--- Whether a dispatcher's fencing number is stale; '' stands for someone who needs none.
local function is_deposed(fence)
  return fence ~= '' and call('HGET', P .. 'dispatcher', 'fence') ~= fence
end

--- Job and item; nil for what is no member.
local function split_member(member)
  return string.match(member, '^(%w[%w._-]*)/([%w._-]+)$')
end

local function is_job_id(job) return string.find(job, '^%w[%w._-]*$') ~= nil end

local function members_of(key)
  if call('SCARD', key) > SET_LIMIT then
    call('UNLINK', key)
    return {}
  end
  return call('SMEMBERS', key)
end

--- Lua hands over some thousand arguments at once and no more; this many, an even number.
local ARGUMENTS_LIMIT = 4000

--- One command with many arguments behind its key, in as few calls as can be; none when there are none.
local function call_with(command, key, arguments)
  for at = 1, #arguments, ARGUMENTS_LIMIT do
    call(command, key, unpack(arguments, at, math.min(#arguments, at + ARGUMENTS_LIMIT - 1)))
  end
end

--- One read of what scripts ask of a job, kept until counters are written.
local job_cache = {}
local function job_facts(job)
  local facts = job_cache[job]
  if not facts then
    local got = call('HMGET', job_key(job), 'state', 'lane', 'max_attempts',
      'ready', 'leased', 'delayed', 'dead', 'dropped', 'waiting', 'ready_weight_ms')
    facts = { state = got[1], lane = IS_LANE[got[2]] and got[2] or 'normal' }
    facts.max_attempts = math.min(100, math.max(1, num(got[3])))
    facts.ready, facts.leased, facts.delayed = num(got[4]), num(got[5]), num(got[6])
    facts.dead, facts.dropped, facts.waiting, facts.ready_weight_ms = num(got[7]), num(got[8]), num(got[9]), num(got[10])
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

--- How many items of a job are in a state, those included whose move is not written yet; also what its ready items weigh.
local function count_of(job, state)
  local fields = deltas[job_key(job)]
  return job_facts(job)[state] + (fields and fields[state] or 0)
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
  if job_facts(job).state then add(job_key(job), 'ready_weight_ms', ms) end
  add(P .. 'counts', 'ready_weight_ms', ms)
end

local trimmed = {}
--- Tell those who follow the job. What is told of one that has ended expires as its other events do, and of one that
--- has expired nothing is.
local function event(job, name, ...)
  local state = job_facts(job).state
  if not state then return end
  local key = job_key(job, 'events')
  -- Once per script is often enough for "about".
  if trimmed[job] then
    call('XADD', key, '*', 'event', name, ...)
  else
    call('XADD', key, 'MAXLEN', '~', EVENT_LIMIT, '*', 'event', name, ...)
    trimmed[job] = true
  end
  if state ~= 'active' then call('EXPIRE', key, EVENT_TTL_S) end
end

--- Give a job its place among those that have ready items. A newcomer comes before the job that was
--- served last, so it is the very next behind one large job, yet cannot starve it.
local function enter_ring(job)
  local turn = num(call('HGET', P .. 'counts', 'turn'))
  call('ZADD', P .. 'lane:' .. job_facts(job).lane, 'NX', turn - 0.5, job)
end

--- Put an item back at the front of its job.
local function make_ready(job, item, weight_ms, body)
  call('LPUSH', job_key(job, 'ready'), item .. ' ' .. weight_ms .. ' ' .. body)
  weigh(job, weight_ms)
  enter_ring(job)
end

local paused
local function is_paused()
  if paused == nil then paused = call('HEXISTS', P .. 'control', 'paused') == 1 end
  return paused
end

--- Write the gathered counters, then make the doorbell agree with them.
local function flush()
  local ready
  -- What the doorbell hangs on is read along, changed or not.
  add(P .. 'counts', 'ready', 0)
  for key, fields in pairs(deltas) do
    local names, written = {}, {}
    for field in pairs(fields) do names[#names + 1] = field end
    local got = call('HMGET', key, unpack(names))
    for i, field in ipairs(names) do
      -- Below nothing is only what a foreign writer has added uncounted.
      local value = math.max(0, num(got[i]) + fields[field])
      if field == 'ready' and key == P .. 'counts' then ready = value end
      if fields[field] ~= 0 then
        written[#written + 1] = field
        written[#written + 1] = value
      end
    end
    -- One write instead of one per counter: each is a command of its own in the append-only file.
    if written[1] then call('HSET', key, unpack(written)) end
  end
  deltas, job_cache = {}, {}
  if ready > 0 and not is_paused() then
    local rings = call('LLEN', P .. 'bell')
    if rings > 1 then call('DEL', P .. 'bell') end
    if rings ~= 1 then call('LPUSH', P .. 'bell', '1') end
  else
    call('DEL', P .. 'bell')
  end
end
