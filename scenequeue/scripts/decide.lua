-- Record a decision that launches nothing, unless the newest one has the same mark.
--
-- Keys     decisions (stream), dispatcher (hash)
-- ARGV[3]  fencing number
-- ARGV[4]  mark of the decision
-- ARGV[5]  the decision (JSON)
-- Output   1, or 0 when the number is stale (nothing is written)
-- Uses     fence, decisions

if is_deposed(ARGV[3]) then return 0 end
record_standstill(ARGV[4], ARGV[5])
return 1
