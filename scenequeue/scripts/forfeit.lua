-- leased -> ready or dead: take back at once all that a lost container holds, and let it lease nothing more.
--
-- Keys     held:<container> (set), held:<container>:call (string), item:<job>/<item> (hash)
-- ARGV[3]  container id
-- ARGV[4]  why, as JSON of a code and parameters
-- ARGV[5]  the same in short, for events
-- ARGV[6]  fencing number of the dispatcher that says so, or ''
-- Output   how many items were taken back, or -1 when the number is stale (nothing is changed)
-- Uses     names, commands, counters, fence, draining, history, losses, stages

local container, why = ARGV[3], failure('ContainerLost', ARGV[4], ARGV[5])
if is_deposed(ARGV[6]) then return finish(-1) end
mark_draining(container)
local touched = {}
local taken = 0
for _, member in ipairs(members_of(P .. 'held:' .. container)) do
  -- An item that another container holds by now is not taken back.
  local job = split_member(member)
  if job and call('HGET', P .. 'item:' .. member, 'container') == container then
    take_back(member, why)
    touched[job] = true
    taken = taken + 1
  end
end
call('DEL', P .. 'held:' .. container, P .. 'held:' .. container .. ':call')
for job in pairs(touched) do finish_stage_if_done(job) end
return finish(taken)
