-- dead -> ready: requeue many dead letters of some jobs, each once, even if others do the same at the same time.
--
-- Letters that are gone meanwhile, of cancelled jobs, or without an item in them are left as they are.
--
-- Keys     job:<id>:dead (hash), job:<id>:results (hash)
-- ARGV[3]  name of the operator, for the audit log; '' for a program
-- ARGV[4]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[5]  the filter that the letters were found by, for the audit log
-- ARGV[6]  a random word that all steps of the act share
-- ARGV[7…] job id, how many items (count), their ids; repeated
-- Output   how many were requeued
-- Uses     names, commands, counters, events, lanes, requeueing, bulk

local function requeue_of(id, items)
  local state = job_of(id).state
  if not state or state == 'cancelled' then return {} end
  local ids, elements, weights = {}, {}, {}
  local letters = call('HMGET', job_key(id, 'dead'), unpack(items))
  for i, item in ipairs(items) do
    local found = item_in(id, letters[i] or '')
    if found then
      ids[#ids + 1] = item
      elements[found.need] = elements[found.need] or {}
      table.insert(elements[found.need], item .. ' ' .. found.weight_ms .. ' ' .. found.body)
      weights[found.need] = (weights[found.need] or 0) + found.weight_ms
    end
  end
  if not ids[1] then return {} end
  call('HDEL', job_key(id, 'dead'), unpack(ids))
  call('HDEL', job_key(id, 'results'), unpack(ids))
  if state ~= 'active' then revive(id) end
  for need, some in pairs(elements) do
    move(id, 'dead', 'ready', #some, need)
    call('LPUSH', ready_list(id, need), unpack(some))
    weigh(id, need, weights[need])
    add_need(id, need)
    enter_ring(id, need)
  end
  for _, item in ipairs(ids) do event(id, 'requeued', 'item_id', item) end
  return ids
end

return finish(change_letters('requeue', requeue_of))
