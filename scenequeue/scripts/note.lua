-- Write notes into the journal of a leased item. They outlive the attempt, and come with the item's next lease.
--
-- Keys     item:<job>/<item> (hash), journal:<job>/<item> (hash), job:<id>:history (hash)
-- ARGV[3]  container id
-- ARGV[4]  job id
-- ARGV[5]  item id
-- ARGV[6]  token
-- ARGV[7]  maximum size of the journal, names and values together (bytes)
-- ARGV[8]  how many notes the journal may have (count)
-- ARGV[9…] name, value; repeated
-- Output   1, 0 when the lease is lost, -1 when the journal would be too large, or -2 when it would have too many notes; then
--          nothing is changed
-- Uses     names, commands, clock, counters, leases

local container, id, item, token = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local member = id .. '/' .. item
if not holds(container, member, token) or job_of(id).state ~= 'active' then return finish(0) end
local key = journal_of(member)
local fields, values, size, count = call('HGETALL', key), {}, 0, 0
for i = 1, #fields, 2 do values[fields[i]] = fields[i + 1] end
for i = 9, #ARGV, 2 do values[ARGV[i]] = ARGV[i + 1] end
for name, value in pairs(values) do size, count = size + #name + #value, count + 1 end
if size > tonumber(ARGV[7]) then return finish(-1) end
if count > tonumber(ARGV[8]) then return finish(-2) end
call_with('HSET', key, ARGV, 9)
call('EXPIRE', key, RESULT_TTL_S)
-- So that an item without a journal costs no look for one.
call('HSET', job_key(id, 'history'), item .. '@', '1')
call('HSET', P .. 'item:' .. member, 'noted', '1')
return finish(1)
