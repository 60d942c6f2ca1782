-- dead -> ready: give a dead letter a new start; its job is active again.
--
-- ARGV[3]  job id
-- ARGV[4]  item id
-- Output   'ready', 'absent' (no such dead letter), 'malformed' (there is no item in it) or 'cancelled' (its job was)

local job, item = ARGV[3], ARGV[4]
local key = job_key(job)
local letter = call('HGET', job_key(job, 'dead'), item)
if not letter then return 'absent' end
if job_facts(job).state == 'cancelled' then return 'cancelled' end
if not job_facts(job).state then return 'absent' end
-- Quotes inside JSON strings are escaped, so the first bare key "item" is the letter's own, and its last.
local _, last = string.find(letter, ',"item":', 1, true)
if not last then return 'malformed' end
local body = string.sub(letter, last + 1, -2)
local is_json, decoded = pcall(cjson.decode, body)
if not is_json then return 'malformed' end
call('HDEL', job_key(job, 'dead'), item)
call('HDEL', job_key(job, 'results'), item)
call('ZREM', P .. 'dead', job .. '/' .. item)
call('HSET', key, 'state', 'active')
call('HDEL', key, 'finished_ms')
call('ZREM', P .. 'expiring', expiring_member(job, num(call('HGET', key, 'waiting'))))
call('ZREM', P .. 'notices', job)
call('PERSIST', key)
call('PERSIST', job_key(job, 'events'))
for _, part in ipairs(JOB_PARTS) do call('PERSIST', job_key(job, part)) end
local got = call('HMGET', key, 'stage', 'stages', 'wishes')
if got[3] then call('ZADD', P .. 'wished', NOW_MS, job) end
local first, last_stage = later_stages(got[1], got[2])
for stage = first, last_stage do call('PERSIST', job_key(job, 'stage:' .. stage)) end
job_cache[job] = nil
move(job, 'dead', 'ready', 1)
local weight = type(decoded) == 'table' and decoded.weight ~= nil and num(decoded.weight) or 1
-- What was no JSON stands in the letter as a JSON string.
if type(decoded) == 'string' then body = decoded end
make_ready(job, item, math.min(MOST_WEIGHT_MS, math.max(0, math.floor(weight * 1000 + 0.5))), body)
event(job, 'requeued', 'item_id', item)
flush()
return 'ready'
