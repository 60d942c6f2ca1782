-- Stages and the end of a job: when the last item of a stage is done the next one opens, or the job ends.
--
-- Keys     job:<id> (hash) and its parts, wished (zset), expiring (zset), notices (zset)
-- Uses     names, commands, clock, counters, events, lanes, expiry

--- Later stages of a job that a step looks at.
local STAGE_LIMIT = 1000
local JOB_PARTS = { 'results', 'dead', 'history' }

--- First and last number of the stages that have not opened, from what the job's hash says of them.
local function later_stages(stage, stages)
  local first = math.max(0, num(stage)) + 1
  return first, math.min(num(stages) - 1, first + STAGE_LIMIT)
end

--- Give a job its end. Stages that wait are kept while a requeued dead letter could still open them.
local function end_job(id, state)
  local key, job = job_key(id), job_of(id)
  local waiting = math.max(0, job.waiting)
  if waiting > 0 and job.dead <= 0 then
    move(id, 'waiting', 'dropped', waiting)
    waiting = 0
  end
  job.state = state
  call('HSET', key, 'state', state, 'finished_ms', NOW_MS)
  event(id, 'finished', 'state', state)
  call('EXPIRE', key, RESULT_TTL_S)
  for _, part in ipairs(JOB_PARTS) do call('EXPIRE', job_key(id, part), RESULT_TTL_S) end
  local got = call('HMGET', key, 'stage', 'stages', 'callback_url', 'wishes')
  if got[4] then call('ZREM', P .. 'wished', id) end
  local first, last = later_stages(got[1], got[2])
  for stage = first, last do
    call('EXPIRE', job_key(id, 'stage:' .. stage), RESULT_TTL_S)
  end
  call('ZADD', P .. 'expiring', NOW_MS + RESULT_TTL_S * 1000, expiring_member(id, waiting))
  if got[3] and got[3] ~= '' then call('ZADD', P .. 'notices', NOW_MS, id) end
end

--- Open a job's next stage, or end it, when its present one has nothing left to do. An item that was given up, whether
--- its dead letter is kept or was discarded, holds the next stage back: it would miss what was not made.
local function finish_stage_if_done(id)
  local job = job_of(id)
  if job.state ~= 'active' then return end
  -- Each for itself: what a foreign writer has pushed uncounted makes one of them negative.
  if job.ready > 0 or job.leased > 0 or job.delayed > 0 then return end
  if job.dead > 0 or job.dropped > 0 then return end_job(id, 'failed') end
  if job.waiting <= 0 then return end_job(id, 'done') end
  local key = job_key(id)
  local stage = num(call('HGET', key, 'stage')) + 1
  local source = job_key(id, 'stage:' .. stage)
  local n = call('LLEN', source)
  if n == 0 then
    -- Evicted, or deleted by hand: it cannot be done, yet the job must end.
    move(id, 'waiting', 'dropped', job.waiting)
    return end_job(id, 'failed')
  end
  call('RENAME', source, job_key(id, 'ready'))
  call('HSET', key, 'stage', stage)
  move(id, 'waiting', 'ready', n)
  weigh(id, num(call('HGET', key, 'weight_ms:' .. stage)))
  enter_ring(id)
  event(id, 'stage', 'stage', stage)
end
