-- leased -> done: take results in, learn rates, open the next stage or end the job.
--
-- ARGV[3]  container id
-- ARGV[4…] job id, item id, token, kind, busy (ms), weight (ms of video), result json; repeated
-- Output   positions (from 1) of the results that were refused: the lease is not this container's, or job cancelled

local container = ARGV[3]
local refused = {}
local touched = {}
local busy, weight = {}, {}
--- A kind's sums are halved beyond this much video, so that old measurements fade.
local RATE_WINDOW_MS = 3600 * 1000

for i = 4, #ARGV, 7 do
  local job, item, token = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local kind, result = ARGV[i + 3], ARGV[i + 6]
  local member = job .. '/' .. item
  if not holds(container, member, token) then
    -- The same ack again, after its answer was lost on the way, is no loss.
    if redis.call('HGET', job_key(job, 'results'), item) ~= result then refused[#refused + 1] = (i - 4) / 7 + 1 end
  elseif job_facts(job).state ~= 'active' then
    unlease(member, container)
    drop(job, item, 'leased')
    refused[#refused + 1] = (i - 4) / 7 + 1
  else
    unlease(member, container)
    redis.call('DEL', P .. 'item:' .. member)
    redis.call('HSET', job_key(job, 'results'), item, result)
    redis.call('HDEL', job_key(job, 'history'), item, item .. '#')
    move(job, 'leased', 'done', 1)
    event(job, 'done', 'item_id', item, 'token', token, 'container', container)
    busy[kind] = (busy[kind] or 0) + tonumber(ARGV[i + 4])
    weight[kind] = (weight[kind] or 0) + tonumber(ARGV[i + 5])
    touched[job] = true
  end
end
flush()
for job in pairs(touched) do settle(job) end
for kind, ms in pairs(weight) do
  local busy_field, weight_field = kind .. ':busy_ms', kind .. ':weight_ms'
  local all_busy = redis.call('HINCRBY', P .. 'rates', busy_field, busy[kind])
  local all_weight = redis.call('HINCRBY', P .. 'rates', weight_field, ms)
  if all_weight > RATE_WINDOW_MS then
    redis.call('HSET', P .. 'rates', busy_field, math.floor(all_busy / 2), weight_field, math.floor(all_weight / 2))
  end
end
return refused
