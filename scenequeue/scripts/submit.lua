-- outside -> ready: make a job visible, whole: what was uploaded to staging lists, and what comes along.
--
-- Keys      job:<id> (hash), job:<id>:ready (list), job:<id>:stage:<n> (list), staging:<nonce>:<n> (list), counts (hash),
--           jobs (zset), notices (zset), wished (zset)
-- ARGV[3]   job id
-- ARGV[4]   nonce of the staging lists
-- ARGV[5]   digest of the content
-- ARGV[6]   most ready items there may be afterwards (count), or -1
-- ARGV[7]   number of stages
-- ARGV[8…]  per stage: number of items, weight (ms of video), how many of its items, the last ones, come along here
-- then      number of fields of the job's hash; field, value, repeated; `lane` among them
-- then      the elements that come along, stage after stage
-- Output    'created', 'same', 'conflict', 'full' or 'gone' (a staging list has expired); when it was created (ms)
-- Uses      names, commands, clock, counters, events, lanes, expiry

local job, nonce, digest, limit, stages = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
--- How many expired jobs leave the indexes here; there are more only where nothing has reclaimed for long.
local FORGOTTEN_LIMIT = 10000
local key = job_key(job)
local PER_STAGE = 3
local function of_stage(stage)
  local at = 8 + PER_STAGE * stage
  return tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
end
local function staging(stage) return P .. 'staging:' .. nonce .. ':' .. stage end
local function refuse(answer)
  for stage = 0, stages - 1 do call('UNLINK', staging(stage)) end
  return finish({ answer, NOW_MS })
end

local known = call('HMGET', key, 'state', 'digest')
if known[1] then return refuse(known[2] == digest and 'same' or 'conflict') end
-- A hash without a state is no job: what a foreign writer has left. Nothing is written where there is none, see below.
if call('EXISTS', key) == 1 then call('DEL', key) end
local first, first_weight_ms = of_stage(0)
if limit >= 0 and count_of('ready') + first > limit then return refuse('full') end
for stage = 0, stages - 1 do
  local n, _, along = of_stage(stage)
  if n > along and call('LLEN', staging(stage)) ~= n - along then return refuse('gone') end
end

local fields = { 'state', 'active', 'digest', digest, 'created_ms', NOW_MS, 'stage', 0, 'stages', stages }
local at = 8 + PER_STAGE * stages
local elements_at = at + 1 + 2 * tonumber(ARGV[at])
for i = at + 1, elements_at - 1 do fields[#fields + 1] = ARGV[i] end
for stage = 1, stages - 1 do
  local _, weight_ms = of_stage(stage)
  fields[#fields + 1] = 'weight_ms:' .. stage
  fields[#fields + 1] = weight_ms
end
-- The first thing written is one that a server without memory refuses; after it, it would take all the rest.
call('HSET', key, unpack(fields))
-- An expired job of this id may still be in the indexes, and would take the new one out of them.
forget_expired(FORGOTTEN_LIMIT)
call('ZREM', P .. 'notices', job)
for stage = 0, stages - 1 do
  local n, _, along = of_stage(stage)
  local target = stage == 0 and job_key(job, 'ready') or job_key(job, 'stage:' .. stage)
  if n > along then
    call('RENAME', staging(stage), target)
    call('PERSIST', target)
  else
    -- Nothing may be left of an earlier job of this id, whatever became of its other keys.
    call('DEL', target)
  end
  if along > 0 then call('RPUSH', target, unpack(ARGV, elements_at, elements_at + along - 1)) end
  elements_at = elements_at + along
  move(job, nil, stage == 0 and 'ready' or 'waiting', n)
end
weigh(job, first_weight_ms)
call('ZADD', P .. 'jobs', NOW_MS, job)
if call('HEXISTS', key, 'wishes') == 1 then call('ZADD', P .. 'wished', NOW_MS, job) end
enter_ring(job)
event(job, 'submitted', 'items', first)
return finish({ 'created', NOW_MS })
