-- leased -> leased: prolong the leases of a container. It also learns here that a lease is lost.
--
-- Keys     leases (zset), held:<container> (set), item:<job>/<item> (hash)
-- ARGV[3]  container id
-- ARGV[4]  how long the leases last from now (ms)
-- ARGV[5…] job id, item id, token; repeated
-- Output   positions (from 1) of the leases that are lost: not this container's, or job cancelled (then the item is dropped)
-- Uses     names, commands, clock, counters, leases

local container, deadline_ms = ARGV[3], NOW_MS + tonumber(ARGV[4])
local lost = {}
for i = 5, #ARGV, 3 do
  local job, item, token = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local member = job .. '/' .. item
  local is_ours, _, spare = holds(container, member, token)
  if not is_ours then
    lost[#lost + 1] = (i - 5) / 3 + 1
  elseif job_of(job).state ~= 'active' then
    unlease(member, container)
    drop(job, item, 'leased')
    lost[#lost + 1] = (i - 5) / 3 + 1
  elseif spare and spare.is_ours then
    spare.deadline_ms = deadline_ms
    write_spare(member, spare)
  else
    call('ZADD', P .. 'leases', deadline_ms, member)
  end
end
call('EXPIRE', P .. 'held:' .. container, HELD_TTL_S)
return finish(lost)
