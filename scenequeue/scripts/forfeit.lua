-- leased -> ready or dead: take back at once all that a lost container holds, and let it lease nothing more.
--
-- ARGV[3]  container id
-- ARGV[4]  why, in words
-- Output   how many items were taken back

local container, why = ARGV[3], ARGV[4]
local members = redis.call('SMEMBERS', P .. 'held:' .. container)
redis.call('SET', P .. 'drain:' .. container, '1', 'EX', 86400)
local touched = {}
for _, member in ipairs(members) do
  take_back(member, 'ContainerLost', why)
  touched[split_member(member)] = true
end
flush()
for job in pairs(touched) do settle(job) end
return #members
