-- leased -> ready: hand items back unharmed, at the front of their job, the attempt not counted.
--
-- ARGV[3]  container id
-- ARGV[4…] job id, item id, token; repeated
-- Output   positions (from 1) of those refused: the lease is not this container's

local container = ARGV[3]
local refused, lost = {}, {}
-- Backwards, so that several items of a job keep their order when each is put in front.
for i = #ARGV - 2, 4, -3 do
  local job, item, token = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local member = job .. '/' .. item
  if not holds(container, member, token) then
    refused[#refused + 1] = (i - 4) / 3 + 1
  else
    unlease(member, container)
    if job_facts(job).state ~= 'active' then
      drop(job, item, 'leased')
    else
      local got = call('HMGET', P .. 'item:' .. member, 'weight_ms', 'body')
      call('DEL', P .. 'item:' .. member)
      if got[2] then
        move(job, 'leased', 'ready', 1)
        make_ready(job, item, num(got[1]), got[2])
        event(job, 'released', 'item_id', item, 'token', token)
      else
        mourn(job, item, 'leased')
        lost[job] = true
      end
    end
  end
end
flush()
for job in pairs(lost) do settle(job) end
return refused
