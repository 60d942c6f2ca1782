-- Reads the journal of an item that is leased: the notes of its earlier attempts.
--
-- Keys     journal:<job>/<item> (hash), item:<job>/<item> (hash)
-- Uses     names, commands, clock, leases

--- The journal of an item that is leased again: name, value; repeated. Its expiry begins anew.
local function notes_of(member)
  local key = journal_of(member)
  call('EXPIRE', key, RESULT_TTL_S)
  call('HSET', P .. 'item:' .. member, 'noted', '1')
  return call('HGETALL', key)
end
