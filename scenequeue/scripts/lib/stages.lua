-- Opens a job's next stage when the last item of the present one is done, and ends the job after its last stage.
--
-- Keys     job:<id> (hash) and its parts; of them job:<id>:stage:<n>:<need> (list), wished (zset), expiring (zset), notices (zset)
-- Uses     names, commands, clock, counters, events, lanes, expiry, job_index, job_pause, folders

--- Later stages of a job that a step looks at, at most; job_writer.py allows no more.
local STAGE_LIMIT = 1000
--- Parts of a job that expire together with its hash.
local JOB_PARTS = { 'results', 'dead', 'dead:names', 'history', 'brought' }
--- Time after the end of a job at which the dispatcher looks at its working folder (ms): of a failed one when it expires, and of one
--- that is done not before its last item had time to remove the folder itself.
local FOLDER_PAUSE_MS = { done = 60000, cancelled = 0, failed = RESULT_TTL_S * 1000 + 1 }

--- The first and the last number of the stages that have not opened.
--- stage, stages  fields of the job's hash: number of the open stage from 0, and how many stages there are
local function later_stages(stage, stages)
  local first = math.max(0, num(stage)) + 1
  return first, math.min(num(stages) - 1, first + STAGE_LIMIT)
end

--- The key of a list of a stage that has not opened.
--- number  nil for the first list of a need; else its place among the stage's lists, for items that were brought later
local function stage_list(id, stage, need, number)
  return job_key(id, 'stage:' .. stage .. ':' .. need .. (number and (':' .. number) or ''))
end

--- The lists of a stage: key, need, n, weight_ms, and is_first, true for the first one of its need.
--- They are described by field `stage:<n>` of the job's hash: "<need> <count> <weight in ms>", repeated.
local function stage_lists(id, stage)
  local found, seen = {}, {}
  local described = call('HGET', job_key(id), 'stage:' .. stage) or ''
  -- `%f` lets it begin only where a word does: without, a long word that is none of ours would be tried from each of its letters.
  for need, n, weight_ms in string.gmatch(described, '%f[%w._+/-]([%w._+/-]+) (%d+) (%d+)') do
    local is_first = not seen[need]
    seen[need] = true
    found[#found + 1] = {
      key = stage_list(id, stage, need, not is_first and #found + 1), need = need, n = num(n), weight_ms = num(weight_ms),
      is_first = is_first,
    }
  end
  return found
end

--- Write the field that stage_lists() reads.
local function describe_stage(id, stage, lists)
  local described = {}
  for i, list in ipairs(lists) do described[i] = string.format('%s %d %d', list.need, list.n, list.weight_ms) end
  call('HSET', job_key(id), 'stage:' .. stage, table.concat(described, ' '))
end

--- The keys of all lists of stages that have not opened.
local function waiting_lists(id)
  local got, found = call('HMGET', job_key(id), 'stage', 'stages'), {}
  local first, last = later_stages(got[1], got[2])
  for stage = first, last do
    for _, list in ipairs(stage_lists(id, stage)) do found[#found + 1] = list.key end
  end
  return found
end

--- End a job: its keys expire from now on, and its callback is due. Stages that have not opened are kept while a requeued dead
--- letter could still open them; otherwise their items are dropped.
--- state  'done', 'failed' or 'cancelled'
local function end_job(id, state)
  local key, job = job_key(id), job_of(id)
  local waiting = math.max(0, job.waiting)
  if waiting > 0 and job.dead <= 0 then
    move(id, 'waiting', 'dropped', waiting)
    waiting = 0
  end
  set_state(id, state, 'finished_ms', NOW_MS)
  event(id, 'finished', 'state', state)
  call('EXPIRE', key, RESULT_TTL_S)
  for _, part in ipairs(JOB_PARTS) do call('EXPIRE', job_key(id, part), RESULT_TTL_S) end
  local got = call('HMGET', key, 'callback_url', 'wishes', 'work_folder')
  if got[2] then call('ZREM', P .. 'wished', id) end
  if job.pause then lift_pause(id) end
  for _, list in ipairs(waiting_lists(id)) do call('EXPIRE', list, RESULT_TTL_S) end
  call('ZADD', P .. 'expiring', NOW_MS + RESULT_TTL_S * 1000, expiring_member(id, waiting))
  if got[1] and got[1] ~= '' then call('ZADD', P .. 'notices', NOW_MS, id) end
  look_at_folder(id, got[3], FOLDER_PAUSE_MS[state])
end

--- Make the items of a stage ready. Items whose list was evicted or deleted by hand count as dropped, so that the job can end.
local function open_stage(id, stage)
  for _, list in ipairs(stage_lists(id, stage)) do
    local n = is_need(list.need) and call('LLEN', list.key) or 0
    if n > 0 then
      if list.is_first then
        call('RENAME', list.key, ready_list(id, list.need))
      else
        call('RPUSH', parts_list(id, list.need), list.key)
      end
      move(id, 'waiting', 'ready', n, list.need)
      weigh(id, list.need, list.weight_ms)
      enter_ring(id, list.need)
    else
      -- No list, or that of a name that nobody serves.
      call('UNLINK', list.key)
    end
    local lost = math.min(job_of(id).waiting, list.n - n)
    if lost > 0 then move(id, 'waiting', 'dropped', lost) end
  end
  call('HSET', job_key(id), 'stage', stage)
  event(id, 'stage', 'stage', stage)
end

--- Open a job's next stage, or end the job, if its present stage has no item left to do. With a dead or a discarded item the job
--- fails, because the next stage would lack that item's output.
local function finish_stage_if_done(id)
  local job = job_of(id)
  if job.state ~= 'active' then return end
  -- Not their sum: elements that a foreign writer has pushed uncounted can make one of them negative.
  if job.ready > 0 or job.leased > 0 or job.delayed > 0 then return end
  if job.dead > 0 or job.dropped > 0 then return end_job(id, 'failed') end
  local got = call('HMGET', job_key(id), 'stage', 'stages')
  local next_stage, last = later_stages(got[1], got[2])
  if next_stage > last then
    -- Items counted as waiting, of which no stage is left, can never be done.
    return end_job(id, job.waiting > 0 and 'failed' or 'done')
  end
  open_stage(id, next_stage)
  return finish_stage_if_done(id)
end
