-- dead -> ready: give many dead letters of some jobs a new start, each once, whoever else does the same now.
--
-- Letters that are gone meanwhile, of cancelled jobs, or without an item in them are left as they are.
--
-- Keys     job:<id> (hash) and its parts, dead (zset), expiring (zset), notices (zset), wished (zset)
-- ARGV[3]  who does so, for the audit log; '' for nobody
-- ARGV[4]  the filter that the letters were found by, for the audit log
-- ARGV[5…] job id, how many items (count), their ids; repeated
-- Output   how many were requeued
-- Uses     names, commands, clock, counters, events, lanes, expiry, job_index, stages, reasons, acts

--- The items in letters that have one: item -> need, element of the list of ready items, weight.
local function readable_letters(id, items)
  local found = {}
  local letters = call('HMGET', job_key(id, 'dead'), unpack(items))
  for i, item in ipairs(items) do
    local letter = letters[i]
    local _, last = string.find(letter or '', ',"item":', 1, true)
    local body = last and string.sub(letter, last + 1, -2) or ''
    local is_json, decoded = pcall(cjson.decode, body)
    if is_json then
      local weight = type(decoded) == 'table' and decoded.weight ~= nil and num(decoded.weight) or 1
      if type(decoded) == 'string' then body = decoded end
      found[#found + 1] = {
        item = item, need = need_or_first(id, string.match(letter, ',"need":"([^"]*)"')), body = body,
        weight_ms = math.min(MOST_WEIGHT_MS, math.max(0, math.floor(weight * 1000 + 0.5))),
      }
    end
  end
  return found
end

--- The job is active again, and nothing of it expires.
local function revive(id)
  local key, job = job_key(id), job_of(id)
  if job.state == 'active' then return end
  call('ZREM', P .. 'expiring', expiring_member(id, job.waiting))
  set_state(id, 'active')
  call('HDEL', key, 'finished_ms')
  call('ZREM', P .. 'notices', id)
  call('PERSIST', key)
  call('PERSIST', job_key(id, 'events'))
  for _, part in ipairs(JOB_PARTS) do call('PERSIST', job_key(id, part)) end
  if call('HEXISTS', key, 'wishes') == 1 then call('ZADD', P .. 'wished', NOW_MS, id) end
  for _, list in ipairs(waiting_lists(id)) do call('PERSIST', list) end
end

--- Members of the letters that are requeued.
local gone = {}

local function requeue_of(id, items)
  local state = job_of(id).state
  if not state or state == 'cancelled' then return 0 end
  local found = readable_letters(id, items)
  if not found[1] then return 0 end
  local ids, elements, weights = {}, {}, {}
  for i, each in ipairs(found) do
    ids[i] = each.item
    gone[#gone + 1] = id .. '/' .. each.item
    elements[each.need] = elements[each.need] or {}
    table.insert(elements[each.need], each.item .. ' ' .. each.weight_ms .. ' ' .. each.body)
    weights[each.need] = (weights[each.need] or 0) + each.weight_ms
  end
  call('HDEL', job_key(id, 'dead'), unpack(ids))
  call('HDEL', job_key(id, 'results'), unpack(ids))
  revive(id)
  for need, some in pairs(elements) do
    move(id, 'dead', 'ready', #some, need)
    call('LPUSH', ready_list(id, need), unpack(some))
    weigh(id, need, weights[need])
    add_need(id, need)
    enter_ring(id, need)
  end
  for _, item in ipairs(ids) do event(id, 'requeued', 'item_id', item) end
  return #found
end

local at, requeued = 5, 0
while at < #ARGV do
  local n = num(ARGV[at + 1])
  requeued = requeued + requeue_of(ARGV[at], { unpack(ARGV, at + 2, at + 1 + n) })
  at = at + 2 + n
end
if requeued > 0 then
  call('ZREM', P .. 'dead', unpack(gone))
  leave_reasons(gone)
  record_act(ARGV[3], 'requeue', ARGV[4], requeued)
end
return finish(requeued)
