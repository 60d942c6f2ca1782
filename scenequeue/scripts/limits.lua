-- Change limits that the dispatcher plans by, or give them back to its environment.
--
-- Keys     limits (hash)
-- ARGV[3]  name of the operator, for the audit log and for readers
-- ARGV[4]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[5…] name, value as JSON or '' to give it back; repeated
-- Output   1
-- Uses     names, commands, clock, acts

require_operator()
for at = 5, #ARGV - 1, 2 do
  local name, value = ARGV[at], ARGV[at + 1]
  local before = call('HGET', SHARED .. 'limits', name)
  local is_json, known = pcall(cjson.decode, before or '')
  local was = is_json and type(known) == 'table' and tostring(known.value) or 'environment'
  if value ~= '' then
    local who = '"by":' .. cjson.encode(ARGV[3]) .. ',"why":' .. cjson.encode(ARGV[4])
    call('HSET', SHARED .. 'limits', name, '{"value":' .. value .. ',' .. who .. ',"at_ms":' .. NOW_MS .. '}')
  else
    call('HDEL', SHARED .. 'limits', name)
  end
  if value ~= '' or before then
    record_act(ARGV[3], ARGV[4], 'limit', 'limit=' .. name, 0, 'detail', was .. ' -> ' .. (value ~= '' and value or 'environment'))
  end
end
return 1
