-- Stage items that a leased item brings for its job's next stage, which was deferred; its ack makes them part of that stage. A call
-- that is repeated after a lost answer adds nothing.
--
-- Keys      growth:<token> (hash), growth:<token>:<need> (list)
-- ARGV[3]   container id
-- ARGV[4]   job id
-- ARGV[5]   item id
-- ARGV[6]   token
-- ARGV[7]   need of the elements
-- ARGV[8]   how many of this need were staged before this call (count)
-- ARGV[9]   how long they are kept without a further call (s)
-- ARGV[10]  weight of the elements (ms)
-- ARGV[11…] elements
-- Output    how many there are of this need now (fewer than named when those before are gone: stage all again), -1 when the lease is lost,
--           -2 when the next stage takes no items, or -3 when the job would have too many needs
-- Uses      commands, counters, leases, growth

local container, id, item, token, need = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if not holds(container, id .. '/' .. item, token) or job_of(id).state ~= 'active' then return finish(-1) end
if not deferred_stage(id) then return finish(-2) end
local key, list = growth_key(token), growth_key(token, need)
if not admit_needs(id, { need, unpack(call('HKEYS', key), 1, NEED_LIMIT) }) then return finish(-3) end
local length = call('LLEN', list)
local known, weight_ms = string.match(call('HGET', key, need) or '', '^(%d+) (%d+)$')
if num(known) ~= length then
  -- One of both was evicted, or lost in a failover, so this need is staged from its beginning.
  call('DEL', list)
  call('HDEL', key, need)
  length, weight_ms = 0, 0
end
if length == tonumber(ARGV[8]) then
  length = call_with('RPUSH', list, ARGV, 11)
  call('HSET', key, need, length .. ' ' .. string.format('%d', num(weight_ms) + num(ARGV[10])))
end
call('EXPIRE', list, ARGV[9])
call('EXPIRE', key, ARGV[9])
return finish(length)
