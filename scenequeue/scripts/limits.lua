-- Change limits that the dispatcher plans by, or give them back to its environment; all of them, or none.
--
-- Keys     limits (hash)
-- ARGV[3]  name of the operator, for the audit log and for readers
-- ARGV[4]  the reason that the operator gives, for the audit log and for readers; '' for none
-- ARGV[5]  'limit', or 'undo' if each value is the one from before an act
-- ARGV[6]  a random word that all entries of this act share
-- ARGV[7…] name, value as JSON or '' to give it back, of an undo the act's entry in the audit log, else '', and the value that it
--          must have now (text; 'environment' for none; '' for any): the one that the act set, or that the operator has seen; repeated
-- Output   {}; of one that comes too late {name, operator, what it is now}: somebody has changed the limit since
-- Uses     names, commands, clock, acts

require_operator()

--- Return a value in force, as text for people and for comparison; nil where nobody has set it, with who has.
local function value_of(name)
  local is_json, known = pcall(cjson.decode, call('HGET', SHARED .. 'limits', name) or '')
  if not is_json or type(known) ~= 'table' or known.value == nil then return 'environment', '' end
  return tostring(known.value), tostring(known.by)
end

--- Return true if two texts are the same value, however a number is written.
local function is_same(one, other) return one == other or (tonumber(one) ~= nil and tonumber(one) == tonumber(other)) end

--- Return the operator of the newest change of a limit from a place in the audit log on; nil if there was none.
local function changer_since(name, from)
  for _, each in ipairs(call('XREVRANGE', SHARED .. 'audit', '+', from)) do
    -- As record_act() has written it.
    if each[2][6] == 'limit=' .. name then return each[2][2] end
  end
  return nil
end

for at = 7, #ARGV - 3, 4 do
  local name, entry, seen = ARGV[at], ARGV[at + 2], ARGV[at + 3]
  local now, by = value_of(name)
  local changer = entry ~= '' and changer_since(name, '(' .. entry)
  -- Of a limit that was given back, only the log knows by whom.
  if not changer and entry == '' and now == 'environment' then by = changer_since(name, '-') or '' end
  if changer or (seen ~= '' and not is_same(now, seen)) then return { name, changer or by, now } end
end
for at = 7, #ARGV - 3, 4 do
  local name, value = ARGV[at], ARGV[at + 1]
  local was, is_set = value_of(name), call('HEXISTS', SHARED .. 'limits', name) == 1
  if value ~= '' then
    local who = '"by":' .. cjson.encode(ARGV[3]) .. ',"why":' .. cjson.encode(ARGV[4])
    call('HSET', SHARED .. 'limits', name, '{"value":' .. value .. ',' .. who .. ',"at_ms":' .. NOW_MS .. '}')
  else
    call('HDEL', SHARED .. 'limits', name)
  end
  if value ~= '' or is_set then
    local detail = was .. ' -> ' .. value_of(name)
    record_act(ARGV[3], ARGV[4], ARGV[5], 'limit=' .. name, 0, 'detail', detail, 'word', ARGV[6])
  end
end
return {}
