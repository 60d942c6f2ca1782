-- Events of a job, for those who follow it. They are advisory; results are the truth.
--
-- ARGV[1]  about how many events a job keeps (count)
-- Keys     job:<id>:events (stream)
-- Uses     names, commands, clock, counters

local EVENT_LIMIT = ARGV[1]
--- Events of a finished job are only of interest to those who watch it end.
local EVENT_TTL_S = math.min(3600, RESULT_TTL_S)

local trimmed = {}
--- Tell those who follow the job. An event of a job that has ended expires as its others do; of one that has expired,
--- nothing is told.
local function event(id, name, ...)
  local state = job_of(id).state
  if not state then return end
  local key = job_key(id, 'events')
  -- Once per script is often enough for "about".
  if trimmed[id] then
    call('XADD', key, '*', 'event', name, ...)
  else
    call('XADD', key, 'MAXLEN', '~', EVENT_LIMIT, '*', 'event', name, ...)
    trimmed[id] = true
  end
  if state ~= 'active' then call('EXPIRE', key, EVENT_TTL_S) end
end
