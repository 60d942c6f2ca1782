-- leased -> done: store results, add to the rates, open the next stage or end the job.
--
-- Keys     those of take_results
-- ARGV[3]  container id
-- ARGV[4…] job id, item id, token, need, busy (ms), weight (thousandths), result json, how many items it
--          brings (count), which grow.lua has staged; repeated
-- Output   positions (from 1) of the refused results: the lease is not this container's, or the job was cancelled. A negative
--          position: the items that it brings are incomplete, or its job has no stage for them; its lease stays
-- Uses     counters, leases, take_results

local refused = take_results(ARGV[3], 4, #ARGV)
forget_asked(ARGV[3])
return finish(refused)
