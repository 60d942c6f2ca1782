-- Jobs and counters. A step reads each once and changes it in memory; finish() writes all changes. So every step that uses this
-- part must end with `return finish(answer)`.
--
-- Keys     job:<id> (hash), counts (hash), needs (set), control (hash), bell:<need> (list)
-- Uses     names, commands

--- The fields of a job's hash that job_of() reads, in its order.
local JOB_FIELDS = {
  'state', 'lane', 'needs', 'max_attempts', 'ready', 'leased', 'delayed', 'dead', 'dropped', 'waiting', 'done',
  'ready_weight_ms', 'indexed', 'paused',
}
--- At most so many needs of one job are read; further ones are ignored.
local NEED_LIMIT = 64

--- id -> job, with the changes of this step.
local jobs = {}
--- Field of `counts` -> what this step adds to it.
local counts = {}
--- Need -> true where finish() has to check the bell, because the number of ready items has changed.
local stale_bells = {}

--- The job of this id, with its counters (count), weight (ms) and, in `changed`, the counters that finish() has to write.
--- If there is no such job, or it has expired, `state` is false, its counters are 0, and none of them is written.
--- `lane` is where its ready items wait and are counted, PAUSED while the job is paused; `own_lane` is that of its submission.
local function job_of(id)
  local job = jobs[id]
  if job then return job end
  local got = call('HMGET', job_key(id), unpack(JOB_FIELDS))
  local own_lane = IS_LANE[got[2]] and got[2] or 'normal'
  local pause = got[1] == 'active' and got[14] or nil
  job = {
    state = got[1], lane = pause and PAUSED or own_lane, own_lane = own_lane, pause = pause, needs = got[3] or '',
    max_attempts = math.min(100, math.max(1, num(got[4]))),
    ready = num(got[5]), leased = num(got[6]), delayed = num(got[7]), dead = num(got[8]), dropped = num(got[9]),
    waiting = num(got[10]), done = num(got[11]), ready_weight_ms = num(got[12]), indexed = got[13] or '', changed = {},
  }
  jobs[id] = job
  return job
end

--- Make a job in memory; all its counters are 0.
--- needs    list of needs
--- indexed  see label_indexes()
local function new_job(id, lane, needs, indexed)
  local job = {
    state = 'active', lane = lane, own_lane = lane, needs = table.concat(needs, ' '), max_attempts = 1, ready = 0, leased = 0,
    delayed = 0, dead = 0, dropped = 0, waiting = 0, done = 0, ready_weight_ms = 0, indexed = indexed, changed = {},
  }
  for _, need in ipairs(needs) do
    job['ready:' .. need], job['weight:' .. need] = 0, 0
  end
  jobs[id] = job
end

--- The needs of a job's items, as a list.
local function needs_of(job)
  local found = {}
  for need in string.gmatch(job.needs, '%S+') do
    if #found < NEED_LIMIT and is_need(need) then found[#found + 1] = need end
  end
  return found
end

--- A counter that a job has for each need, read when it is first asked for.
--- field  `ready:<need>` (count) or `weight:<need>` (ms)
local function count_of_need(id, field)
  local job = job_of(id)
  if not job[field] then job[field] = job.state and num(call('HGET', job_key(id), field)) or 0 end
  return job[field]
end

--- Add n to a counter of a job.
local function count_job(job, field, n)
  -- A job can expire while a lost container still holds one of its items. Writing a counter would make its hash anew, with that
  -- field alone and without an expiry.
  if not job.state then return end
  job[field] = job[field] + n
  job.changed[field] = true
end

--- Add n to a counter of the whole queue.
local function count(field, n) counts[field] = (counts[field] or 0) + n end

--- Add n to the ready items of a need, in the job and in its lane.
local function count_ready(id, need, n)
  local job, field = job_of(id), 'ready:' .. need
  count_of_need(id, field)
  count_job(job, field, n)
  count('ready:' .. job.lane .. ':' .. need, n)
  stale_bells[need] = true
end

--- Count n items of a job out of one state and into another.
--- from, to  'ready', 'leased', 'delayed', 'dead', 'dropped', 'waiting' or 'done'; nil where the items were not, or are no longer,
---           in the queue
--- need      of those items; only where one of the states is 'ready'
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

--- Add to the weight of a job's ready items of a need (ms).
local function weigh(id, need, ms)
  local job, field = job_of(id), 'weight:' .. need
  count_of_need(id, field)
  count_job(job, field, ms)
  count_job(job, 'ready_weight_ms', ms)
  count('weight:' .. job.lane .. ':' .. need, ms)
end

--- A counter of the whole queue, its change by this step included.
local function count_of(field) return num(call('HGET', P .. 'counts', field)) + (counts[field] or 0) end

--- Set a counter of the whole queue to a value, whatever this step has added to it so far.
local function count_to(field, value)
  local known = call('HGET', P .. 'counts', field)
  if known and not tonumber(known) then call('HDEL', P .. 'counts', field) end
  counts[field] = value - num(known)
end

--- '' or a lane -> its pause, or false; nil until it was read.
local pauses
--- The pause of a lane, as in `control`; that of everything if none is named. nil or false if there is none.
local function pause_in_force(lane)
  if not pauses then
    local got = call('HMGET', SHARED .. 'control', 'paused', 'paused:urgent', 'paused:normal', 'paused:bulk')
    pauses = { [''] = got[1], urgent = got[2], normal = got[3], bulk = got[4] }
  end
  return pauses[lane or '']
end

--- True if no lease gives items of this lane: it is paused, or everything.
local function is_paused(lane) return (pause_in_force() or pause_in_force(lane)) and true or false end

--- Let finish() check the bell of a need of which this step counts nothing.
local function check_bell(need) stale_bells[need] = true end

--- Make the bell of a need exist exactly while items of it could be leased.
---
--- A bell is a list of one element, for which idle workers wait with BLPOP, so Redis wakes one of them. The step by which this
--- worker then leases names the bell that it has taken, and comes here: if work is left, the bell is made again, and wakes the
--- next one.
--- is_due  true if items of this need are ready in a lane that is not paused
local function hang_bell(need, is_due)
  local bell = P .. 'bell:' .. need
  if not is_due then return call('DEL', bell) end
  local rings = call('LLEN', bell)
  if rings > 1 then call('DEL', bell) end
  if rings ~= 1 then call('LPUSH', bell, '1') end
end

--- Append the changed counters of a job to `written` (field, value; repeated), which the caller writes to its hash; returns it.
local function take_changed(job, written)
  for field in pairs(job.changed) do
    written[#written + 1] = field
    -- Negative only if somebody else has pushed elements into the job's lists, which nothing has counted.
    written[#written + 1] = math.max(0, job[field])
  end
  job.changed = {}
  return written
end

local function write_jobs()
  for id, job in pairs(jobs) do
    -- One command for all counters, because the append-only file keeps every command of a script.
    local written = take_changed(job, {})
    call_with('HSET', job_key(id), written)
  end
end

--- Write all changes of this step, check the bells, and return the step's answer.
local function finish(answer)
  write_jobs()
  -- A bell depends on the ready items of all lanes: enter the counters of the others too, unchanged, so that they are read below.
  for need in pairs(stale_bells) do
    for _, lane in ipairs(LANES) do count('ready:' .. lane .. ':' .. need, 0) end
  end
  local names, written, values, is_known = {}, {}, {}, {}
  for field in pairs(counts) do names[#names + 1] = field end
  if not names[1] then return answer end
  local got = fields_of(P .. 'counts', names)
  for i, field in ipairs(names) do
    values[field], is_known[field] = math.max(0, num(got[i]) + counts[field]), got[i]
    if counts[field] ~= 0 then
      written[#written + 1] = field
      written[#written + 1] = values[field]
    end
  end
  call_with('HSET', P .. 'counts', written)
  for need in pairs(stale_bells) do
    local ready, is_first_time, is_due = 0, true, false
    for _, lane in ipairs(LANES) do
      local field = 'ready:' .. lane .. ':' .. need
      ready = ready + values[field]
      is_first_time = is_first_time and not is_known[field]
      is_due = is_due or (values[field] > 0 and not is_paused(lane))
    end
    if is_first_time and ready > 0 then call('SADD', P .. 'needs', need) end
    hang_bell(need, is_due)
  end
  return answer
end
