-- leased -> done: take results in, learn rates, open the next stage or end the job.
--
-- Keys     those of take_results
-- ARGV[3]  container id
-- ARGV[4…] job id, item id, token, need, busy (ms), weight (thousandths), result json, how many items it
--          brings (count), which grow.lua has staged; repeated
-- Output   positions (from 1) of the results that were refused: the lease is not this container's, or job cancelled;
--          negative where the items it brings are not whole, or its job has no stage for them: the lease stays
-- Uses     counters, leases, take_results

local refused = take_results(ARGV[3], 4, #ARGV)
forget_asked(ARGV[3])
return finish(refused)
