-- Ends one of the two leases of an item, and leaves the item to its other holder.
--
-- Keys     item:<job>/<item> (hash), leases (zset), held:<container> (set)
-- Uses     names, commands, clock, events, leases

--- Leave a leased item to its other holder, if there is one whose lease has not ended. The attempt goes on, so it is not counted.
--- container  the holder whose lease ends
--- why        from failure(); nil if nothing went wrong
--- Returns    true if so; false if the container is the only holder, whose lease is left for the caller to end
local function leave_to_other(member, container, why)
  local key = P .. 'item:' .. member
  local got = call('HMGET', key, 'token', 'container', 'spare', 'attempt')
  local spare = got[1] and spare_of(got[3])
  if not spare then return false end
  local leaving, goes_on = { token = spare.token, container = spare.container }, spare.container == container
  if not goes_on and spare.deadline_ms > NOW_MS then
    leaving, goes_on = { token = got[1], container = got[2] }, true
    call('HSET', key, 'token', spare.token, 'container', spare.container, 'begun', spare.begun)
    call('ZADD', P .. 'leases', spare.deadline_ms, member)
  end
  -- Kept without a value, as an attempt has one spare lease at most.
  call('HSET', key, 'spare', '')
  if leaving.container then call('SREM', P .. 'held:' .. leaving.container, member) end
  local id, item = split_member(member)
  local about = why and { 'error', why.error, 'reason', why.short } or {}
  event(id, 'yielded', 'item_id', item, 'token', leaving.token, 'container', leaving.container or '', unpack(about))
  return goes_on
end
