-- Redis's own time, and how long ended jobs are kept.
--
-- ARGV[2]  how long a finished job's keys are kept (s)

local time = redis.call('TIME')
local NOW_MS = time[1] * 1000 + math.floor(time[2] / 1000)
local RESULT_TTL_S = tonumber(ARGV[2])
