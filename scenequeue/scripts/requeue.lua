-- dead -> ready: make the item of a dead letter ready again, with all its attempts; its job becomes active.
--
-- Keys     job:<id>:dead (hash), job:<id>:results (hash), dead (zset)
-- ARGV[3]  job id
-- ARGV[4]  item id
-- ARGV[5]  name of the operator, for the audit log; '' for a program
-- ARGV[6]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[7]  a random word that all steps of the act share, see record_part(); '' where this is the only one
-- Output   'ready', 'absent' (no such dead letter), 'malformed' (there is no item in it) or 'cancelled' (its job was)
-- Uses     names, commands, counters, events, lanes, requeueing, reasons, acts

require_operator()
local id, item = ARGV[3], ARGV[4]
local job = job_of(id)
local letter = call('HGET', job_key(id, 'dead'), item)
if not letter then return finish('absent') end
if job.state == 'cancelled' then return finish('cancelled') end
if not job.state then return finish('absent') end
local found = item_in(id, letter)
if not found then return finish('malformed') end
call('HDEL', job_key(id, 'dead'), item)
call('HDEL', job_key(id, 'results'), item)
call('ZREM', P .. 'dead', id .. '/' .. item)
leave_reasons({ id .. '/' .. item })
revive(id)
move(id, 'dead', 'ready', 1, found.need)
make_ready(id, found.need, item, found.weight_ms, found.body)
event(id, 'requeued', 'item_id', item)
record_part(ARGV[5], ARGV[6], 'requeue', 'job=' .. id .. ' item=' .. item, 1, ARGV[7])
return finish('ready')
