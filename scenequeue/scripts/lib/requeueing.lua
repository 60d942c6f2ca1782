-- Reads the item in a dead letter, and makes its job active again.
--
-- Keys     job:<id> (hash) and its parts, expiring (zset), notices (zset), wished (zset)
-- Uses     names, commands, clock, counters, history, lanes, expiry, job_index, stages

--- The item in a dead letter: need, weight_ms, body; nil if the letter contains none.
local function item_in(id, letter)
  local head, body = split_letter(letter)
  if not head then return nil end
  local is_json, decoded = pcall(cjson.decode, body)
  if not is_json then return nil end
  local weight = type(decoded) == 'table' and decoded.weight ~= nil and num(decoded.weight) or 1
  -- A body that was no JSON is kept in the letter as a JSON string.
  if type(decoded) == 'string' then body = decoded end
  return {
    need = need_or_first(id, string.match(head, ',"need":"([^"]*)"')), body = body,
    weight_ms = math.min(MAX_WEIGHT_MS, math.max(0, math.floor(weight * 1000 + 0.5))),
  }
end

--- Make a job that has ended active again: its keys no longer expire, and its callback is no longer due.
local function revive(id)
  local key = job_key(id)
  call('ZREM', P .. 'expiring', expiring_member(id, job_of(id).waiting))
  set_state(id, 'active')
  call('HDEL', key, 'finished_ms')
  -- A version that knows no paused jobs may have left a pause to one that ended; that of a job which is active anyway holds.
  if not job_of(id).pause then call('HDEL', key, 'paused') end
  call('ZREM', P .. 'notices', id)
  call('PERSIST', key)
  call('PERSIST', job_key(id, 'events'))
  for _, part in ipairs(JOB_PARTS) do call('PERSIST', job_key(id, part)) end
  if call('HEXISTS', key, 'wishes') == 1 then call('ZADD', P .. 'wished', NOW_MS, id) end
  for _, list in ipairs(waiting_lists(id)) do call('PERSIST', list) end
end
