-- Tests leases, and ends them. An attempt has one holder, or two: the second one has its spare lease, which spare.lua gives.
--
-- Keys     item:<job>/<item> (hash), leases (zset), held:<container> (set), held:<container>:call (string),
--          journal:<job>/<item> (hash)
-- Uses     names, commands, counters

--- A container's set of held items expires this long after its last lease or heartbeat; its leases have ended long before.
local HELD_TTL_S = 86400

--- The key of an item's journal: notes that outlive its attempts.
local function journal_of(member) return P .. 'journal:' .. member end

--- Parse an item's field `spare`, "<token> <deadline in ms> <begun> <container>": its second lease. nil if it has none, or none any more.
local function spare_of(text)
  local token, deadline_ms, begun, container = string.match(text or '', '^(%S+) (%d+) ([01]) (.+)$')
  return token and { token = token, deadline_ms = num(deadline_ms), begun = begun, container = container }
end

--- Write the field that spare_of() reads; and the mark of journals, at which holds() looks for it.
local function write_spare(member, spare)
  local text = string.format('%s %d %s %s', spare.token, spare.deadline_ms, spare.begun, spare.container)
  call('HSET', P .. 'item:' .. member, 'spare', text, 'noted', '1')
end

--- True if the item is leased to this container under this token. As a second value, true if the item may have a journal; as a third, if
--- the item has two holders, its spare lease, with `is_ours`: true if that is the lease of this token, and `other`: the container
--- that holds the item beside this one.
local function holds(container, member, token)
  local got = call('HMGET', P .. 'item:' .. member, 'token', 'container', 'noted')
  local is_first = got[1] == token and got[2] == container
  -- Nearly all items have neither journal nor spare lease, and cost no further look.
  if not got[3] then return is_first end
  local spare = got[1] and spare_of(call('HGET', P .. 'item:' .. member, 'spare'))
  if not spare then return is_first, true end
  spare.is_ours = spare.token == token and spare.container == container
  spare.other = is_first and spare.container or got[2]
  return is_first or spare.is_ours, true, spare
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
  local member = id .. '/' .. item
  local got = call('HMGET', P .. 'item:' .. member, 'container', 'spare')
  local spare = spare_of(got[2])
  if spare then
    -- The caller has ended the lease of one holder.
    call('SREM', P .. 'held:' .. spare.container, member)
    if got[1] then call('SREM', P .. 'held:' .. got[1], member) end
  end
  call('DEL', P .. 'item:' .. member, journal_of(member))
  move(id, from, 'dropped', 1)
end
