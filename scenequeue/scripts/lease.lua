-- ready -> leased: give a container the next items, lane by lane, jobs of a lane taking turns item by item. If several structures
-- are served, each call draws the one that it looks at first in every lane.
--
-- Keys     those of give_leases, in all structures
-- ARGV[3]  container id
-- ARGV[4]  how many items at most (count)
-- ARGV[5]  how long the lease lasts (ms)
-- ARGV[6]  1 when work on them begins now, 0 when the container says so later (begin.lua)
-- ARGV[7]  a random word of the caller for this call alone. Tokens begin with it, so no token is given out twice, even by a Redis
--          that has lost its last writes or whose clock was set back. A call that is repeated with the same word, because its
--          answer was lost, returns the same leases, prolonged from now.
-- ARGV[8]  the need whose bell the container has taken before, or ''; the bell is made again if work is left
-- ARGV[9]  the place in KEYS of this bell's structure
-- ARGV[10…] the needs that the container serves
-- Output   the deadline of all leases (ms); per lease: job id, item id, token, attempt, place of its structure from 0, item json,
--          journal (name, value, repeated) or nil. Empty if nothing is ready, the queue is paused, or the container drains.
-- Uses     counters, structures, give_leases

if ARGV[8] ~= '' then
  use_structure(tonumber(ARGV[9]))
  check_bell(ARGV[8])
end
return finish_all(give_leases(ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7], { unpack(ARGV, 10) }))
