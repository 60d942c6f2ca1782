-- Jobs and counters: read once, changed in memory, written by finish(), the only way out of a step that changes any.
--
-- Keys     job:<id> (hash), counts (hash), needs (set), control (hash), bell:<need> (list)
-- Uses     names, commands

--- The fields of a job that steps reckon with, in the order in which job_of() reads them.
local JOB_FIELDS = {
  'state', 'lane', 'needs', 'max_attempts', 'ready', 'leased', 'delayed', 'dead', 'dropped', 'waiting', 'done',
  'ready_weight_ms', 'indexed',
}
--- Needs of one job, or of the queue, that steps look at.
local NEED_LIMIT = 64

--- id -> job, as this step knows it.
local jobs = {}
--- Field of `counts` -> by how much it changes.
local counts = {}
--- Needs whose bell may disagree with what is ready.
local stale_bells = {}

--- A job with its counters. `state` is false where there is none, any more; then its counters are 0 and stay unwritten.
local function job_of(id)
  local job = jobs[id]
  if job then return job end
  local got = call('HMGET', job_key(id), unpack(JOB_FIELDS))
  job = {
    state = got[1], lane = IS_LANE[got[2]] and got[2] or 'normal', needs = got[3] or '',
    max_attempts = math.min(100, math.max(1, num(got[4]))),
    ready = num(got[5]), leased = num(got[6]), delayed = num(got[7]), dead = num(got[8]), dropped = num(got[9]),
    waiting = num(got[10]), done = num(got[11]), ready_weight_ms = num(got[12]), indexed = got[13] or '', changed = {},
  }
  jobs[id] = job
  return job
end

--- A job that this step makes; nothing is counted yet.
local function new_job(id, lane, needs, indexed)
  local job = {
    state = 'active', lane = lane, needs = table.concat(needs, ' '), max_attempts = 1, ready = 0, leased = 0, delayed = 0,
    dead = 0, dropped = 0, waiting = 0, done = 0, ready_weight_ms = 0, indexed = indexed, changed = {},
  }
  for _, need in ipairs(needs) do
    job['ready:' .. need], job['weight:' .. need] = 0, 0
  end
  jobs[id] = job
end

--- The needs of a job's items.
local function needs_of(job)
  local found = {}
  for need in string.gmatch(job.needs, '%S+') do
    if #found < NEED_LIMIT and is_need(need) then found[#found + 1] = need end
  end
  return found
end

--- A counter that a job has for each need: `ready:<need>` or `weight:<need>`.
local function count_of_need(id, field)
  local job = job_of(id)
  if not job[field] then job[field] = job.state and num(call('HGET', job_key(id), field)) or 0 end
  return job[field]
end

--- A counter of a job changes by n. A job may expire while a lost container still holds an item of it; it must not come
--- back as a stump.
local function count_job(job, field, n)
  if not job.state then return end
  job[field] = job[field] + n
  job.changed[field] = true
end

--- A counter of the whole queue changes by n.
local function count(field, n) counts[field] = (counts[field] or 0) + n end

local function count_ready(id, need, n)
  local job, field = job_of(id), 'ready:' .. need
  count_of_need(id, field)
  count_job(job, field, n)
  count('ready:' .. job.lane .. ':' .. need, n)
  stale_bells[need] = true
end

--- Count n items of a job as gone from one state to another; nil is "outside".
--- need  of those items; only where one of the states is 'ready'
local function move(id, from, to, n, need)
  local job = job_of(id)
  if from then
    count_job(job, from, -n)
    count(from, -n)
    if from == 'ready' then count_ready(id, need, -n) end
  end
  if to then
    count_job(job, to, n)
    count(to, n)
    if to == 'ready' then count_ready(id, need, n) end
  end
end

--- The weight of a job's ready items of a need changes by ms.
local function weigh(id, need, ms)
  local job, field = job_of(id), 'weight:' .. need
  count_of_need(id, field)
  count_job(job, field, ms)
  count_job(job, 'ready_weight_ms', ms)
  count('weight:' .. job.lane .. ':' .. need, ms)
end

--- A counter of the whole queue, its change by this step included.
local function count_of(field) return num(call('HGET', P .. 'counts', field)) + (counts[field] or 0) end

--- A counter of the whole queue becomes a number, whatever was counted so far.
local function count_to(field, value)
  local known = call('HGET', P .. 'counts', field)
  if known and not tonumber(known) then call('HDEL', P .. 'counts', field) end
  counts[field] = value - num(known)
end

local paused
local function is_paused()
  if paused == nil then paused = call('HEXISTS', SHARED .. 'control', 'paused') == 1 end
  return paused
end

--- Let finish() look after the bell of a need, although nothing of it was counted.
local function check_bell(need) stale_bells[need] = true end

--- Make a bell agree with how much is ready: it hangs there for one worker to take, who then looks, and hangs it up again
--- if work is left.
local function hang_bell(need, ready)
  local bell = P .. 'bell:' .. need
  if ready <= 0 or is_paused() then return call('DEL', bell) end
  local rings = call('LLEN', bell)
  if rings > 1 then call('DEL', bell) end
  if rings ~= 1 then call('LPUSH', bell, '1') end
end

--- Append the changed counters of a job to fields and values that are about to be written.
local function take_changed(job, written)
  for field in pairs(job.changed) do
    written[#written + 1] = field
    -- Only elements that a foreign writer has pushed uncounted make it negative.
    written[#written + 1] = math.max(0, job[field])
  end
  job.changed = {}
  return written
end

local function write_jobs()
  for id, job in pairs(jobs) do
    -- One write instead of one per counter: each is a command of its own in the append-only file.
    local written = take_changed(job, {})
    if written[1] then call('HSET', job_key(id), unpack(written)) end
  end
end

--- Write the changes, make the bells agree with them, and return the step's answer.
local function finish(answer)
  write_jobs()
  for need in pairs(stale_bells) do
    for _, lane in ipairs(LANES) do count('ready:' .. lane .. ':' .. need, 0) end
  end
  local names, written, values, is_known = {}, {}, {}, {}
  for field in pairs(counts) do names[#names + 1] = field end
  if not names[1] then return answer end
  local got = call('HMGET', P .. 'counts', unpack(names))
  for i, field in ipairs(names) do
    values[field], is_known[field] = math.max(0, num(got[i]) + counts[field]), got[i]
    if counts[field] ~= 0 then
      written[#written + 1] = field
      written[#written + 1] = values[field]
    end
  end
  if written[1] then call('HSET', P .. 'counts', unpack(written)) end
  for need in pairs(stale_bells) do
    local ready, is_new = 0, true
    for _, lane in ipairs(LANES) do
      local field = 'ready:' .. lane .. ':' .. need
      ready = ready + values[field]
      is_new = is_new and not is_known[field]
    end
    if is_new and ready > 0 then call('SADD', P .. 'needs', need) end
    hang_bell(need, ready)
  end
  return answer
end
