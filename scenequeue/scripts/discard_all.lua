-- dead -> dropped: discard many dead letters of some jobs, each once, even if others do the same at the same time.
--
-- Keys     job:<id> (hash), job:<id>:dead (hash), job:<id>:history (hash), journal:<job>/<item> (hash)
-- ARGV[3]  name of the operator, for the audit log; '' for a program
-- ARGV[4]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[5]  the filter that the letters were found by, for the audit log
-- ARGV[6]  a random word that all steps of the act share
-- ARGV[7…] job id, how many items (count), their ids; repeated
-- Output   how many were discarded
-- Uses     names, commands, counters, events, expiry, bulk

local function discard_of(id, items)
  local letters = call('HMGET', job_key(id, 'dead'), unpack(items))
  local ids, notes = {}, {}
  for i, item in ipairs(items) do
    if letters[i] then
      ids[#ids + 1] = item
      notes[#notes + 1] = item .. '@'
      call('DEL', P .. 'journal:' .. id .. '/' .. item)
    end
  end
  if not ids[1] then return {} end
  call('HDEL', job_key(id, 'dead'), unpack(ids))
  call('HDEL', job_key(id, 'history'), unpack(notes))
  move(id, 'dead', 'dropped', #ids)
  for _, item in ipairs(ids) do event(id, 'dropped', 'item_id', item) end
  drop_unopened(id)
  return ids
end

return finish(change_letters('discard', discard_of))
