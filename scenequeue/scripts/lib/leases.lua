-- Leases: their holder, and their end.
--
-- Keys     item:<job>/<item> (hash), leases (zset), held:<container> (set), held:<container>:call (string),
--          journal:<job>/<item> (hash)
-- Uses     names, commands, counters

--- A container's set of held items is kept for so long without a lease or a heartbeat; its leases have ended long before.
local HELD_TTL_S = 86400

--- The key of an item's journal: notes that outlive its attempts.
local function journal_of(member) return P .. 'journal:' .. member end

--- True while the lease of an item is this container's, and still the one that the token proves; then, true if it has a journal.
local function holds(container, member, token)
  local got = call('HMGET', P .. 'item:' .. member, 'token', 'container', 'noted')
  return got[1] == token and got[2] == container, got[3] and true
end

--- Forget the container's last call when it holds nothing: there is nothing left to answer again.
local function forget_asked(container)
  local held_key = P .. 'held:' .. container
  if call('EXISTS', held_key) == 0 then call('DEL', held_key .. ':call') end
end

--- End the lease of an item, whatever comes next; true if there was one.
local function unlease(member, container)
  if container then
    call('SREM', P .. 'held:' .. container, member)
    forget_asked(container)
  end
  return call('ZREM', P .. 'leases', member) == 1
end

--- Drop a leased or delayed item of a cancelled job.
local function drop(id, item, from)
  call('DEL', P .. 'item:' .. id .. '/' .. item, journal_of(id .. '/' .. item))
  move(id, from, 'dropped', 1)
end
