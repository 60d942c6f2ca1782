-- Tests leases, and ends them.
--
-- Keys     item:<job>/<item> (hash), leases (zset), held:<container> (set), held:<container>:call (string),
--          journal:<job>/<item> (hash)
-- Uses     names, commands, counters

--- A container's set of held items expires this long after its last lease or heartbeat; its leases have ended long before.
local HELD_TTL_S = 86400

--- The key of an item's journal: notes that outlive its attempts.
local function journal_of(member) return P .. 'journal:' .. member end

--- True if the item is leased to this container under this token; as a second value, true if the item has a journal.
local function holds(container, member, token)
  local got = call('HMGET', P .. 'item:' .. member, 'token', 'container', 'noted')
  return got[1] == token and got[2] == container, got[3] and true
end

--- Forget the container's last lease call if it holds nothing: a repetition of that call has nothing left to return.
local function forget_asked(container)
  local held_key = P .. 'held:' .. container
  if call('EXISTS', held_key) == 0 then call('DEL', held_key .. ':call') end
end

--- End the lease of an item; true if there was one. The caller moves the item on.
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
