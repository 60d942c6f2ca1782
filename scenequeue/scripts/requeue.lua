-- dead -> ready: give a dead letter a new start; its job is active again.
--
-- Keys     job:<id> (hash) and its parts, dead (zset), expiring (zset), notices (zset), wished (zset)
-- ARGV[3]  job id
-- ARGV[4]  item id
-- ARGV[5]  who does so, for the audit log; '' for nobody
-- Output   'ready', 'absent' (no such dead letter), 'malformed' (there is no item in it) or 'cancelled' (its job was)
-- Uses     names, commands, clock, counters, events, lanes, expiry, job_index, stages, reasons, acts

local id, item = ARGV[3], ARGV[4]
local key, job = job_key(id), job_of(id)
local letter = call('HGET', job_key(id, 'dead'), item)
if not letter then return finish('absent') end
if job.state == 'cancelled' then return finish('cancelled') end
if not job.state then return finish('absent') end
-- Quotes inside JSON strings are escaped, so the first bare key "item" is the letter's own, and its last.
local _, last = string.find(letter, ',"item":', 1, true)
if not last then return finish('malformed') end
local body = string.sub(letter, last + 1, -2)
local is_json, decoded = pcall(cjson.decode, body)
if not is_json then return finish('malformed') end
call('HDEL', job_key(id, 'dead'), item)
call('HDEL', job_key(id, 'results'), item)
call('ZREM', P .. 'dead', id .. '/' .. item)
leave_reasons({ id .. '/' .. item })
call('ZREM', P .. 'expiring', expiring_member(id, job.waiting))
set_state(id, 'active')
call('HDEL', key, 'finished_ms')
call('ZREM', P .. 'notices', id)
call('PERSIST', key)
call('PERSIST', job_key(id, 'events'))
for _, part in ipairs(JOB_PARTS) do call('PERSIST', job_key(id, part)) end
if call('HEXISTS', key, 'wishes') == 1 then call('ZADD', P .. 'wished', NOW_MS, id) end
for _, list in ipairs(waiting_lists(id)) do call('PERSIST', list) end
local need = need_or_first(id, string.match(letter, ',"need":"([^"]*)"'))
move(id, 'dead', 'ready', 1, need)
local weight = type(decoded) == 'table' and decoded.weight ~= nil and num(decoded.weight) or 1
-- What was no JSON stands in the letter as a JSON string.
if type(decoded) == 'string' then body = decoded end
make_ready(id, need, item, math.min(MOST_WEIGHT_MS, math.max(0, math.floor(weight * 1000 + 0.5))), body)
event(id, 'requeued', 'item_id', item)
record_act(ARGV[5], 'requeue', id .. '/' .. item, 1)
return finish('ready')
