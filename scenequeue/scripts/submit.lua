-- outside -> ready: make a job that was uploaded to staging lists visible, whole.
--
-- ARGV[3]   job id
-- ARGV[4]   nonce of the staging lists
-- ARGV[5]   digest of the content
-- ARGV[6]   most ready items there may be afterwards (count), or -1
-- ARGV[7]   number of stages
-- ARGV[8…]  per stage: number of items, weight (ms of video)
-- then      field, value of the job's hash; repeated; `lane` among them
-- Output    'created', 'same', 'conflict', 'full' or 'gone' (a staging list has expired)

local job, nonce, digest, limit, stages = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
--- How many expired jobs leave the indexes here; there are more only where nothing has reclaimed for long.
local FORGOTTEN_LIMIT = 10000
local key = job_key(job)
local function staging(stage) return P .. 'staging:' .. nonce .. ':' .. stage end
local function discard(answer)
  for stage = 0, stages - 1 do redis.call('UNLINK', staging(stage)) end
  return answer
end

if redis.call('EXISTS', key) == 1 then
  return discard(redis.call('HGET', key, 'digest') == digest and 'same' or 'conflict')
end
local first = tonumber(ARGV[8])
local ready = tonumber(redis.call('HGET', P .. 'counts', 'ready') or 0)
if limit >= 0 and ready + first > limit then return discard('full') end
for stage = 0, stages - 1 do
  if redis.call('LLEN', staging(stage)) ~= tonumber(ARGV[8 + 2 * stage]) then return discard('gone') end
end

local fields = { 'state', 'active', 'digest', digest, 'created_ms', NOW_MS, 'stage', 0, 'stages', stages }
for i = 8 + 2 * stages, #ARGV do fields[#fields + 1] = ARGV[i] end
for stage = 1, stages - 1 do
  fields[#fields + 1] = 'weight_ms:' .. stage
  fields[#fields + 1] = ARGV[9 + 2 * stage]
end
-- An expired job of this id may still be in the indexes, and would take the new one out of them.
forget_expired(FORGOTTEN_LIMIT)
redis.call('ZREM', P .. 'notices', job)
redis.call('HSET', key, unpack(fields))
job_cache[job] = nil
for stage = 0, stages - 1 do
  local target = stage == 0 and job_key(job, 'ready') or job_key(job, 'stage:' .. stage)
  redis.call('RENAME', staging(stage), target)
  redis.call('PERSIST', target)
  move(job, nil, stage == 0 and 'ready' or 'waiting', tonumber(ARGV[8 + 2 * stage]))
end
weigh(job, tonumber(ARGV[9]))
redis.call('ZADD', P .. 'jobs', NOW_MS, job)
enter_ring(job)
event(job, 'submitted', 'items', first)
flush()
return 'created'
