-- leased -> done, then ready -> leased: hand results in and take the next items, in one step.
--
-- ARGV[3]  container id
-- ARGV[4]  how many results there are (count)
-- ARGV[5…] each as ack.lua takes it from its ARGV[4] on; after them, what lease.lua takes from its ARGV[4] on
-- Output   what ack.lua answers, then what lease.lua answers

local results_end = 4 + 7 * tonumber(ARGV[4])
local function from(first, last) return { ARGV[1], ARGV[2], ARGV[3], unpack(ARGV, first, last) } end

local refused = ack(from(5, results_end))
return { refused, lease(from(results_end + 1, #ARGV)) }
