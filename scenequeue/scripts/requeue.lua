-- dead -> ready: give a dead letter a new start; its job is active again.
--
-- ARGV[3]  job id
-- ARGV[4]  item id
-- Output   'ready', 'absent' (no such dead letter) or 'cancelled' (its job was)

local job, item = ARGV[3], ARGV[4]
local key = job_key(job)
local letter = redis.call('HGET', job_key(job, 'dead'), item)
if not letter then return 'absent' end
if job_facts(job).state == 'cancelled' then return 'cancelled' end
if not job_facts(job).state then return 'absent' end
-- Quotes inside JSON strings are escaped, so the first bare key "item" is the letter's own, and its last.
local _, last = string.find(letter, ',"item":', 1, true)
local body = string.sub(letter, last + 1, -2)
redis.call('HDEL', job_key(job, 'dead'), item)
redis.call('HDEL', job_key(job, 'results'), item)
redis.call('ZREM', P .. 'dead', job .. '/' .. item)
redis.call('HSET', key, 'state', 'active')
redis.call('HDEL', key, 'finished_ms')
redis.call('ZREM', P .. 'expiring', expiring_member(job, tonumber(redis.call('HGET', key, 'waiting') or 0)))
redis.call('ZREM', P .. 'notices', job)
redis.call('PERSIST', key)
redis.call('PERSIST', job_key(job, 'events'))
for _, part in ipairs(JOB_PARTS) do redis.call('PERSIST', job_key(job, part)) end
local got = redis.call('HMGET', key, 'stage', 'stages', 'wishes')
if got[3] then redis.call('ZADD', P .. 'wished', NOW_MS, job) end
for stage = tonumber(got[1]) + 1, tonumber(got[2]) - 1 do redis.call('PERSIST', job_key(job, 'stage:' .. stage)) end
job_cache[job] = nil
move(job, 'dead', 'ready', 1)
local decoded = cjson.decode(body)
local weight = type(decoded) == 'table' and tonumber(decoded.weight) or 1
-- What was no JSON stands in the letter as a JSON string.
if type(decoded) == 'string' then body = decoded end
make_ready(job, item, math.floor(weight * 1000 + 0.5), body)
event(job, 'requeued', 'item_id', item)
flush()
return 'ready'
