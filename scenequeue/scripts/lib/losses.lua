-- Takes leased items back from containers that are lost.
--
-- Keys     item:<job>/<item> (hash), job:<id>:history (hash), leases (zset)
-- Uses     names, commands, counters, events, lanes, leases, history, letters, spares, stages

--- An item whose container was lost before work on it had begun has not caused the loss, so no attempt is counted; but after so
--- many of these losses each further one is, as the item may be the cause after all.
local BLAMELESS_LOSSES = 10

--- Count the loss of an item's container, and return true if it is no attempt.
--- begun  '1' if work on the item had begun
local function is_blameless(id, item, begun)
  if begun == '1' then return false end
  local key, field = job_key(id, 'history'), item .. '#'
  local losses = num(call('HGET', key, field)) + 1
  call('HSET', key, field, losses)
  return losses <= BLAMELESS_LOSSES
end

--- Take a leased item back from a container that is lost, or not set up for it. The item becomes ready again, in front of its job's
--- others; its attempt counts if work had begun. With its attempts used up it becomes a dead letter. If it has another holder, it
--- stays leased to that one.
--- why      from failure()
--- spared   name of the event where the attempt is not counted; nil is 'reclaimed'
local function take_back(member, why, spared)
  local id, item = split_member(member)
  if not id then return call('ZREM', P .. 'leases', member) end
  local got = call('HMGET', P .. 'item:' .. member, 'body', 'weight_ms', 'attempt', 'container', 'token', 'begun', 'need')
  if got[5] and job_of(id).state == 'active' and leave_to_other(member, got[4], why) then return end
  local was_leased = unlease(member, got[4])
  local job, need = job_of(id), need_or_first(id, got[7])
  if not got[5] or not got[1] then
    -- The item's key is gone. Only members of `leases` are counted as leased; one of a job of which nothing is counted as leased was
    -- put there by a foreign writer.
    if was_leased and job.leased > 0 then bury_missing(id, item, 'leased', need) end
    return
  end
  if job.state ~= 'active' then return drop(id, item, 'leased') end
  local had = { need = need, attempt = math.max(1, num(got[3])), body = got[1], container = got[4], token = got[5] }
  local is_counted = not is_blameless(id, item, got[6])
  if is_counted then
    local history = append_history(id, item, had.attempt, why, had.container)
    if had.attempt >= job.max_attempts then return bury(id, item, 'leased', had, history, why) end
  end
  call('DEL', P .. 'item:' .. member)
  move(id, 'leased', 'ready', 1, need)
  make_ready(id, need, item, num(got[2]), had.body)
  local name = not is_counted and spared or 'reclaimed'
  event(id, name, 'item_id', item, 'attempt', had.attempt, 'error', why.error, 'reason', why.short, 'token', had.token)
end

--- Take leased items back, so that the items of a job are ready in the order in which they were leased.
local function take_back_all(members, why)
  local held = {}
  for i, member in ipairs(members) do
    local token = call('HGET', P .. 'item:' .. member, 'token') or ''
    held[i] = { member = member, turn = num(string.match(token, '%-(%d+)')) }
  end
  -- Each goes to the front of its job, so the one that was leased first comes last.
  table.sort(held, function(a, b) return a.turn > b.turn or (a.turn == b.turn and a.member > b.member) end)
  local touched = {}
  for _, each in ipairs(held) do
    take_back(each.member, why)
    local job = split_member(each.member)
    if job then touched[job] = true end
  end
  for job in pairs(touched) do finish_stage_if_done(job) end
end
