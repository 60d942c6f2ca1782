-- leased -> done, then ready -> leased: hand results of the newest structure in and take the next items, in one step.
--
-- Keys     those of take_results, and of give_leases in all structures
-- ARGV[3]  container id
-- ARGV[4]  how many results there are (count)
-- ARGV[5…] each as ack.lua takes it from its ARGV[4] on; after them, the arguments of lease.lua from its ARGV[4] on
-- Output   the answer of ack.lua, then that of lease.lua
-- Uses     counters, structures, leases, take_results, give_leases

local container, at = ARGV[3], 5 + RESULT_FIELDS * tonumber(ARGV[4])
local refused = take_results(container, 5, at - 1)
if ARGV[at + 4] ~= '' then
  use_structure(tonumber(ARGV[at + 5]))
  check_bell(ARGV[at + 4])
end
local leases = give_leases(
  container, tonumber(ARGV[at]), tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3], { unpack(ARGV, at + 6) }
)
use_structure(2)
if #leases == 0 or #KEYS > 2 then forget_asked(container) end
return finish_all({ refused, leases })
