-- Make, replace or revoke a key of those who use the page and the HTTP API.
--
-- They are one string, because users of producers may read the keys: of all commands on strings, they have GET alone.
--
-- Keys     access (string), audit (stream), limits (hash)
-- ARGV[3]  name of the operator, for the audit log and for readers
-- ARGV[4]  the reason that the operator gives, for the audit log and for readers; '' for none
-- ARGV[5]  name of the key
-- ARGV[6]  its hash; '' to revoke it
-- ARGV[7]  its role; '' to revoke it
-- ARGV[8]  to make: 1 to replace a key of this name; to revoke: the hash of the key that is meant, '' for any
-- ARGV[9]  most keys (count)
-- Output   1; 0 if there is a key of this name already, or none to revoke; -1 if there are too many (nothing is changed)
-- Uses     names, commands, clock, acts

require_operator()
local name, hash, role, word = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local is_json, known = pcall(cjson.decode, call('GET', SHARED .. 'access') or '{}')
if not is_json or type(known) ~= 'table' then known = {} end
local before = known[name]
local was = type(before) == 'table' and tostring(before.role) or 'none'

if hash == '' then
  if not before or (word ~= '' and not (type(before) == 'table' and before.sha256 == word)) then return 0 end
  known[name] = nil
else
  if before and word ~= '1' then return 0 end
  local held = 0
  for _ in pairs(known) do held = held + 1 end
  if not before and held >= tonumber(ARGV[9]) then return -1 end
  known[name] = { sha256 = hash, role = role, by = ARGV[3], why = ARGV[4], at_ms = NOW_MS }
end
call('SET', SHARED .. 'access', next(known) and cjson.encode(known) or '{}')
record_act(ARGV[3], ARGV[4], 'key', 'key=' .. name, 0, 'detail', was .. ' -> ' .. (role ~= '' and role or 'revoked'))
return 1
