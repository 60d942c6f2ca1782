-- leased -> ready or dead: take back at once all that a lost container holds, in the order it was leased, and let it lease nothing more.
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

--- Each goes to the front of its job, so the one that was leased first comes last.
local function is_before(a, b)
  return a.turn > b.turn or (a.turn == b.turn and a.member > b.member)
end

local touched = {}
local held = {}
for _, member in ipairs(members_of(P .. 'held:' .. container)) do
  local got = split_member(member) and call('HMGET', P .. 'item:' .. member, 'container', 'token')
  -- An item that another container holds by now is not taken back.
  if got and got[1] == container then held[#held + 1] = { member = member, turn = num(string.match(got[2] or '', '%-(%d+)')) } end
end
table.sort(held, is_before)
for _, each in ipairs(held) do
  take_back(each.member, why)
  touched[split_member(each.member)] = true
end
call('DEL', P .. 'held:' .. container, P .. 'held:' .. container .. ':call')
for job in pairs(touched) do finish_stage_if_done(job) end
return finish(#held)
