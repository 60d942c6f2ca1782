-- dead -> dropped: forget a dead letter for good.
--
-- The item stays undone, so the job ends, or has ended, as failed: its next stage would miss what was not made. With the
-- last letter of an ended job goes what could still be requeued, and so the stages that wait are dropped too.
--
-- Keys     job:<id> (hash), job:<id>:dead (hash), job:<id>:history (hash), dead (zset), journal:<job>/<item> (hash)
-- ARGV[3]  job id
-- ARGV[4]  item id
-- ARGV[5]  name of the operator, for the audit log; '' for a program
-- ARGV[6]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[7]  a random word that all steps of the act share, see record_part(); '' where this is the only one
-- Output   1, or 0 when there is no such dead letter
-- Uses     names, commands, counters, events, expiry, reasons, acts

require_operator()
local id, item = ARGV[3], ARGV[4]
if call('HDEL', job_key(id, 'dead'), item) == 0 then return finish(0) end
call('ZREM', P .. 'dead', id .. '/' .. item)
leave_reasons({ id .. '/' .. item })
call('DEL', P .. 'journal:' .. id .. '/' .. item)
call('HDEL', job_key(id, 'history'), item .. '@')
move(id, 'dead', 'dropped', 1)
event(id, 'dropped', 'item_id', item)
record_part(ARGV[5], ARGV[6], 'discard', 'job=' .. id .. ' item=' .. item, 1, ARGV[7])
drop_unopened(id)
return finish(1)
