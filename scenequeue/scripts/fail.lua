-- leased -> delayed or dead: one attempt failed.
--
-- ARGV[3]  container id
-- ARGV[4]  job id
-- ARGV[5]  item id
-- ARGV[6]  token
-- ARGV[7]  error class
-- ARGV[8]  message
-- ARGV[9]  retry after (ms), or -1 when it can never pass
-- Output   'delayed', 'dead', 'dropped' (job cancelled) or 'lost' (token stale; nothing changed)

local container, job, item, token = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local kind, message, retry_in_ms = ARGV[7], ARGV[8], tonumber(ARGV[9])
local member = job .. '/' .. item
local key = P .. 'item:' .. member
local got = redis.call('HMGET', key, 'token', 'body', 'attempt')
if got[1] ~= token then return 'lost' end
unlease(member, container)
local outcome
if job_facts(job).state ~= 'active' then
  drop(job, item, 'leased')
  outcome = 'dropped'
else
  local attempt = tonumber(got[3])
  local history = remember(job, item, attempt, kind, message, container)
  if retry_in_ms < 0 or attempt >= job_facts(job).max_attempts then
    bury(job, item, attempt, history, got[2], kind, message, container)
    outcome = 'dead'
  else
    redis.call('HDEL', key, 'token', 'container', 'attempt')
    redis.call('ZADD', P .. 'delayed', NOW_MS + retry_in_ms, member)
    redis.call('SADD', job_key(job, 'delayed'), item)
    move(job, 'leased', 'delayed', 1)
    event(job, 'retry', 'item_id', item, 'attempt', attempt, 'error', kind, 'token', token)
    outcome = 'delayed'
  end
end
flush()
settle(job)
return outcome
