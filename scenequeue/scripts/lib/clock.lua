-- The time, which is Redis's own, and how long what has ended is kept.
--
-- ARGV[2]  how long a finished job's keys are kept (s)

local time = redis.call('TIME')
local NOW_MS = time[1] * 1000 + math.floor(time[2] / 1000)
local RESULT_TTL_S = tonumber(ARGV[2])
