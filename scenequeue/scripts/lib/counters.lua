-- Jobs and counters: read once, changed in memory, written by finish(), the only way out of a step that changes any.
--
-- Keys     job:<id> (hash), counts (hash), control (hash), bell (list)
-- Uses     names, commands

--- The fields of a job that steps reckon with, in the order in which job_of() reads them.
local JOB_FIELDS = {
  'state', 'lane', 'max_attempts', 'ready', 'leased', 'delayed', 'dead', 'dropped', 'waiting', 'done', 'ready_weight_ms',
}

--- id -> job, as this step knows it.
local jobs = {}
--- Field of `counts` -> by how much it changes.
local counts = {}
local is_bell_stale = false

--- A job with its counters. `state` is false where there is none, any more; then its counters are 0 and stay unwritten.
local function job_of(id)
  local job = jobs[id]
  if job then return job end
  local got = call('HMGET', job_key(id), unpack(JOB_FIELDS))
  job = {
    state = got[1], lane = IS_LANE[got[2]] and got[2] or 'normal', max_attempts = math.min(100, math.max(1, num(got[3]))),
    ready = num(got[4]), leased = num(got[5]), delayed = num(got[6]), dead = num(got[7]), dropped = num(got[8]),
    waiting = num(got[9]), done = num(got[10]), ready_weight_ms = num(got[11]), changed = {},
  }
  jobs[id] = job
  return job
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

--- Count n items of a job as gone from one state to another; nil is "outside".
local function move(id, from, to, n)
  local job = job_of(id)
  if from then
    count_job(job, from, -n)
    count(from, -n)
    if from == 'ready' then count('ready:' .. job.lane, -n) end
  end
  if to then
    count_job(job, to, n)
    count(to, n)
    if to == 'ready' then count('ready:' .. job.lane, n) end
  end
end

--- The weight of a job's ready items changes by ms.
local function weigh(id, ms)
  count_job(job_of(id), 'ready_weight_ms', ms)
  count('ready_weight_ms', ms)
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

--- Let finish() look after the bell, although nothing that is ready was counted.
local function check_bell() is_bell_stale = true end

local function hang_bell(ready)
  local bell = P .. 'bell'
  if ready <= 0 or is_paused() then return call('DEL', bell) end
  local rings = call('LLEN', bell)
  if rings > 1 then call('DEL', bell) end
  if rings ~= 1 then call('LPUSH', bell, '1') end
end

--- Write what has changed, make the bell agree with it, and return the step's answer.
local function finish(answer)
  -- Below nothing is only what a foreign writer has added uncounted.
  for id, job in pairs(jobs) do
    local written = {}
    for field in pairs(job.changed) do
      written[#written + 1] = field
      written[#written + 1] = math.max(0, job[field])
    end
    -- One write instead of one per counter: each is a command of its own in the append-only file.
    if written[1] then call('HSET', job_key(id), unpack(written)) end
  end
  local names, written, ready = {}, {}, nil
  if is_bell_stale then count('ready', 0) end
  for field, n in pairs(counts) do
    if n ~= 0 or field == 'ready' then names[#names + 1] = field end
  end
  if names[1] then
    local got = call('HMGET', P .. 'counts', unpack(names))
    for i, field in ipairs(names) do
      local value = math.max(0, num(got[i]) + counts[field])
      if field == 'ready' then ready = value end
      if counts[field] ~= 0 then
        written[#written + 1] = field
        written[#written + 1] = value
      end
    end
    if written[1] then call('HSET', P .. 'counts', unpack(written)) end
    if ready then hang_bell(ready) end
  end
  return answer
end
