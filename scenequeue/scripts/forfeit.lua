-- leased -> ready or dead: take back at once all that a lost container holds, in the order it was leased, and let it lease nothing more.
-- What another container holds too stays leased to that one.
--
-- Keys     held:<container> (set), held:<container>:call (string), item:<job>/<item> (hash)
-- ARGV[3]  container id
-- ARGV[4]  why, as JSON of a code and parameters
-- ARGV[5]  the same in short, for events
-- ARGV[6]  fencing number of the dispatcher that says so, or ''
-- ARGV[7]  1 when no item can be the cause of the loss: work that had begun is no attempt; see BLAMELESS_LOSSES for the limit
-- Output   how many leases were taken back, spare ones apart, or -1 when the number is stale (nothing is changed)
-- Uses     names, commands, counters, fence, draining, leases, history, losses, spares

local container, why = ARGV[3], failure('ContainerLost', ARGV[4], ARGV[5])
if is_deposed(ARGV[6]) then return finish(-1) end
mark_draining(container)

local held = {}
for _, member in ipairs(members_of(P .. 'held:' .. container)) do
  local got = call('HMGET', P .. 'item:' .. member, 'container', 'spare')
  local spare = spare_of(got[2])
  -- An item that another container holds by now is not taken back.
  if split_member(member) and got[1] == container then
    if ARGV[7] == '1' then call('HDEL', P .. 'item:' .. member, 'begun') end
    held[#held + 1] = member
  elseif split_member(member) and spare and spare.container == container then
    leave_to_other(member, container, why)
  end
end
take_back_all(held, why)
call('DEL', P .. 'held:' .. container, P .. 'held:' .. container .. ':call')
return finish(#held)
