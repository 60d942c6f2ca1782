-- How jobs, stages and leases end; prepended to each script after prelude.lua.

local JOB_PARTS = { 'results', 'dead', 'history' }

--- The member of `expiring`: the job, and how many items of it then leave the counts of what waits, if any do.
local function expiring_member(job, waiting)
  return waiting > 0 and (job .. ' ' .. waiting) or job
end

--- Ended jobs whose keys have expired leave the indexes; stages that never opened are dropped with them.
local function forget_expired(limit)
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'expiring', '-inf', NOW_MS, 'LIMIT', 0, limit)) do
    local job, waiting = string.match(member, '^(%w[%w._-]*) ?(%d*)$')
    call('ZREM', P .. 'expiring', member)
    if job then
      call('ZREM', P .. 'jobs', job)
      call('ZREM', P .. 'notices', job)
      add(P .. 'counts', 'waiting', -num(waiting))
      add(P .. 'counts', 'dropped', num(waiting))
    end
  end
end

--- First and last number of the stages that have not opened, from what the job's hash says of them.
local function later_stages(stage, stages)
  local first = math.max(0, num(stage)) + 1
  return first, math.min(num(stages) - 1, first + STAGE_LIMIT)
end

--- After flush(): give the job its end. Stages that wait are kept while a requeued dead letter could still open them.
local function end_job(job, state)
  local key = job_key(job)
  local waiting, dead = unpack(call('HMGET', key, 'waiting', 'dead'))
  waiting = math.max(0, num(waiting))
  if waiting > 0 and num(dead) == 0 then
    move(job, 'waiting', 'dropped', waiting)
    flush()
    waiting = 0
  end
  call('HSET', key, 'state', state, 'finished_ms', NOW_MS)
  job_cache[job] = nil
  event(job, 'finished', 'state', state)
  call('EXPIRE', key, RESULT_TTL_S)
  for _, part in ipairs(JOB_PARTS) do call('EXPIRE', job_key(job, part), RESULT_TTL_S) end
  local got = call('HMGET', key, 'stage', 'stages', 'callback_url', 'wishes')
  if got[4] then call('ZREM', P .. 'wished', job) end
  local first, last = later_stages(got[1], got[2])
  for stage = first, last do
    call('EXPIRE', job_key(job, 'stage:' .. stage), RESULT_TTL_S)
  end
  call('ZADD', P .. 'expiring', NOW_MS + RESULT_TTL_S * 1000, expiring_member(job, waiting))
  if got[3] and got[3] ~= '' then call('ZADD', P .. 'notices', NOW_MS, job) end
end

--- Make what a job counts as ready agree with its list of so many elements: what was pushed uncounted is counted, what is
--- gone from the list is dropped.
local function recount_ready(job, length)
  local counted = count_of(job, 'ready')
  if length > counted then move(job, nil, 'ready', length - counted) end
  if length < counted then move(job, 'ready', 'dropped', counted - length) end
  if length == 0 then weigh(job, -count_of(job, 'ready_weight_ms')) end
end

local UNDONE = { 'ready', 'leased', 'delayed' }

--- Open a job's next stage, or end it, when its present one has nothing left to do. An item that was given up, whether
--- its dead letter is kept or was discarded, holds the next stage back: it would miss what was not made.
local function settle(job)
  if job_facts(job).state ~= 'active' then return end
  -- Each for itself: what a foreign writer has pushed uncounted makes one of them negative.
  for _, state in ipairs(UNDONE) do
    if count_of(job, state) > 0 then return end
  end
  local is_given_up = count_of(job, 'dead') > 0 or count_of(job, 'dropped') > 0
  local waiting = count_of(job, 'waiting')
  flush()
  if is_given_up then return end_job(job, 'failed') end
  if waiting == 0 then return end_job(job, 'done') end
  local key = job_key(job)
  local stage = num(call('HGET', key, 'stage')) + 1
  local source = job_key(job, 'stage:' .. stage)
  local n = call('LLEN', source)
  if n == 0 then
    -- Evicted, or deleted by hand: it cannot be done, yet the job must end.
    move(job, 'waiting', 'dropped', waiting)
    flush()
    return end_job(job, 'failed')
  end
  call('RENAME', source, job_key(job, 'ready'))
  call('HSET', key, 'stage', stage)
  move(job, 'waiting', 'ready', n)
  weigh(job, num(call('HGET', key, 'weight_ms:' .. stage)))
  enter_ring(job)
  event(job, 'stage', 'stage', stage)
  flush()
end

--- Whether the lease of an item is this container's, and still the one that the token proves.
local function holds(container, member, token)
  local got = call('HMGET', P .. 'item:' .. member, 'token', 'container')
  return got[1] == token and got[2] == container
end

--- When a container holds nothing: of what it has asked for last, nothing is left to be told again.
local function forget_asked(container)
  local held_key = P .. 'held:' .. container
  if call('EXISTS', held_key) == 0 then call('DEL', held_key .. ':call') end
end

--- The lease of an item ends, whatever comes next; whether there was one.
local function unlease(member, container)
  if container then
    call('SREM', P .. 'held:' .. container, member)
    forget_asked(container)
  end
  return call('ZREM', P .. 'leases', member) == 1
end

--- A leased or delayed item of a cancelled job.
local function drop(job, item, from)
  call('DEL', P .. 'item:' .. job .. '/' .. item)
  move(job, from, 'dropped', 1)
end

local function escape(byte) return string.format('\\x%02x', string.byte(byte)) end

--- A text as valid UTF-8: unchanged if it is, else with every byte above 127 written as \xff.
local function readable(text)
  if not string.find(text, '[\128-\255]') then return text end
  local rest = text
  for _, sequence in ipairs({
    '\240[\144-\191][\128-\191][\128-\191]', '[\241-\243][\128-\191][\128-\191][\128-\191]', '\244[\128-\143][\128-\191][\128-\191]',
    '\224[\160-\191][\128-\191]', '[\225-\236\238\239][\128-\191][\128-\191]', '\237[\128-\159][\128-\191]',
    '[\194-\223][\128-\191]',
  }) do
    rest = string.gsub(rest, sequence, ' ')
  end
  if not string.find(rest, '[\128-\255]') then return text end
  return (string.gsub(text, '[\128-\255]', escape))
end

--- Errors of an item so far, as JSON and as a list; nil where there are none, or none that can be read.
local function history_of(text)
  if not text or not string.find(text, '^%[.*%]$') or readable(text) ~= text then return nil end
  local is_json, list = pcall(cjson.decode, text)
  if not is_json or type(list) ~= 'table' or type(list[#list]) ~= 'table' then return nil end
  return text, list
end

--- Append why an attempt failed to the item's history, and return it as JSON.
local function remember(job, item, attempt, kind, message, container)
  local record = cjson.encode({
    attempt = attempt, error = kind, message = message, container = container or '', at_ms = NOW_MS,
  })
  local key = job_key(job, 'history')
  local history = history_of(call('HGET', key, item))
  history = history and (string.sub(history, 1, -2) .. ',' .. record .. ']') or ('[' .. record .. ']')
  call('HSET', key, item, history)
  return history
end

--- Bytes of a message that an event tells; the whole of it stands in the history.
local EVENT_MESSAGE_BYTES = 300

--- The first line of a message, cut where a character ends.
local function brief(message)
  local line = string.match(message, '^[^\r\n]*')
  if #line <= EVENT_MESSAGE_BYTES then return line end
  return (string.gsub(string.sub(line, 1, EVENT_MESSAGE_BYTES), '[\192-\255]?[\128-\191]*$', '')) .. '…'
end

--- Make a dead letter of an item; its whole history goes with it.
--- from     the state it is counted in now
--- had      what was known of it: attempt, body, container, token; is_foreign: it is no item that we can read
local function bury(job, item, from, had, history, kind, message)
  local member = job .. '/' .. item
  -- A foreign producer may have written anything; a letter must stay JSON all the same.
  local body = had.body
  local is_json, decoded = pcall(cjson.decode, body)
  if had.is_foreign or not is_json or type(decoded) ~= 'table' or readable(body) ~= body then
    decoded = {}
    body = cjson.encode(readable(body))
  end
  call('HSET', job_key(job, 'dead'), item, '{"job_id":"' .. job .. '","item_id":"' .. item .. '","lane":"'
    .. job_facts(job).lane .. '","buried_ms":' .. NOW_MS .. ',"attempts":' .. had.attempt .. ',"errors":' .. history
    .. ',"item":' .. body .. '}')
  -- A letter of an expired job of this id, still in the index, is dropped now instead of at the next reclaim.
  if call('ZADD', P .. 'dead', NOW_MS, member) == 0 then
    add(P .. 'counts', 'dead', -1)
    add(P .. 'counts', 'dropped', 1)
  end
  call('HDEL', job_key(job, 'history'), item, item .. '#')
  call('DEL', P .. 'item:' .. member)
  call('HSET', job_key(job, 'results'), item, cjson.encode({
    item_id = item, name = type(decoded.name) == 'string' and decoded.name or '', state = 'dead', attempts = had.attempt,
    container = had.container, error = kind .. ': ' .. message,
  }))
  move(job, from, 'dead', 1)
  event(job, 'dead', 'item_id', item, 'attempt', had.attempt, 'error', kind, 'message', brief(message), 'token', had.token or '')
end

--- An item that was only prepared when its container was lost is not to blame; yet not for ever.
local BLAMELESS_LOSSES = 10

local function is_blameless(job, item, begun)
  if begun == '1' then return false end
  local key, field = job_key(job, 'history'), item .. '#'
  local losses = num(call('HGET', key, field)) + 1
  call('HSET', key, field, losses)
  return losses <= BLAMELESS_LOSSES
end

--- The number of the attempt that follows a history, which may be none.
local function attempt_after(text)
  if not text then return 1 end
  local _, list = history_of(text)
  return list and #list + 1 or 1
end

--- A leased or delayed item whose own key is gone: evicted, or deleted by hand. It cannot be done, yet its job must end,
--- so it becomes a dead letter without a message.
local function mourn(job, item, from)
  if job_facts(job).state ~= 'active' then return drop(job, item, from) end
  local kind, message = 'MessageLost', 'its key vanished from Redis: evicted under maxmemory, or deleted by hand'
  local attempt = attempt_after(call('HGET', job_key(job, 'history'), item))
  local history = remember(job, item, attempt, kind, message)
  bury(job, item, from, { attempt = attempt, body = '{}' }, history, kind, message)
end

--- Take a leased item back from a container that is lost, or not set up for it: ready again at the front, its attempt counted if it
--- had begun, or dead when its attempts are used up.
--- spared   the event's name where the attempt is not counted; nil is 'reclaimed'
local function take_back(member, kind, message, spared)
  local job, item = split_member(member)
  if not job then return call('ZREM', P .. 'leases', member) end
  local got = call('HMGET', P .. 'item:' .. member, 'body', 'weight_ms', 'attempt', 'container', 'token', 'begun')
  local was_leased = unlease(member, got[4])
  if not got[5] or not got[1] then
    -- What `leases` holds is what is counted as leased, so nothing else may change a counter; nor may what a foreign writer
    -- has put there, of a job of which nothing is leased.
    if was_leased and count_of(job, 'leased') > 0 then mourn(job, item, 'leased') end
    return
  end
  local facts = job_facts(job)
  if facts.state ~= 'active' then return drop(job, item, 'leased') end
  local had = { attempt = math.max(1, num(got[3])), body = got[1], container = got[4], token = got[5] }
  local is_counted = not is_blameless(job, item, got[6])
  if is_counted then
    local history = remember(job, item, had.attempt, kind, message, had.container)
    if had.attempt >= facts.max_attempts then return bury(job, item, 'leased', had, history, kind, message) end
  end
  call('DEL', P .. 'item:' .. member)
  move(job, 'leased', 'ready', 1)
  make_ready(job, item, num(got[2]), had.body)
  local name = not is_counted and spared or 'reclaimed'
  event(job, name, 'item_id', item, 'attempt', had.attempt, 'error', kind, 'message', brief(message), 'token', had.token)
end

--- Retries whose time has come are ready again.
local function promote()
  local due = call('ZRANGEBYSCORE', P .. 'delayed', '-inf', NOW_MS, 'LIMIT', 0, PROMOTE_LIMIT)
  local lost = {}
  for _, member in ipairs(due) do
    call('ZREM', P .. 'delayed', member)
    local job, item = split_member(member)
    local got = job and call('HMGET', P .. 'item:' .. member, 'body', 'weight_ms', 'token') or {}
    if job then call('SREM', job_key(job, 'delayed'), item) end
    if not job or got[3] then
      -- Put here by a foreign writer: it is no member, or leased.
    elseif not got[1] then
      if count_of(job, 'delayed') > 0 then
        mourn(job, item, 'delayed')
        lost[job] = true
      end
    elseif job_facts(job).state ~= 'active' then
      drop(job, item, 'delayed')
    else
      call('DEL', P .. 'item:' .. member)
      move(job, 'delayed', 'ready', 1)
      make_ready(job, item, num(got[2]), got[1])
    end
  end
  if next(lost) then
    flush()
    for job in pairs(lost) do settle(job) end
  end
  return #due
end
