-- leased -> leased: work on an item begins; from now on, losing its container counts as an attempt. The item of a
-- cancelled job is dropped instead.
--
-- Keys     item:<job>/<item> (hash)
-- ARGV[3]  container id
-- ARGV[4]  job id
-- ARGV[5]  item id
-- ARGV[6]  token
-- Output   1, or 0 when the lease is lost (not this container's, or job cancelled): then it must not begin
-- Uses     names, commands, clock, counters, leases

local container, job, item, token = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local member = job .. '/' .. item
local is_ours, _, spare = holds(container, member, token)
if not is_ours then return finish(0) end
if job_of(job).state ~= 'active' then
  unlease(member, container)
  drop(job, item, 'leased')
  return finish(0)
end
if spare and spare.is_ours then
  spare.begun = '1'
  write_spare(member, spare)
else
  call('HSET', P .. 'item:' .. member, 'begun', '1', 'begun_ms', NOW_MS)
end
return finish(1)
