-- Events of a job, for programs that follow it. Some may be missing; the results are complete.
--
-- ARGV[1]  about how many events a job keeps (count)
-- Keys     job:<id>:events (stream)
-- Uses     names, commands, clock, counters

local EVENT_LIMIT = ARGV[1]
--- The events of a job that has ended are kept for an hour, because only programs that saw it end read them.
local EVENT_TTL_S = math.min(3600, RESULT_TTL_S)

--- Job id -> true where this step has trimmed the stream.
local trimmed = {}
--- Append an event to a job's stream; none to that of a job which has expired, because its stream would never expire.
--- name  such as 'leased'
--- ...   field, value; repeated
local function event(id, name, ...)
  local state = job_of(id).state
  if not state then return end
  local key = job_key(id, 'events')
  -- Trimmed once per step, which is enough to keep about EVENT_LIMIT.
  if trimmed[id] then
    call('XADD', key, '*', 'event', name, ...)
  else
    call('XADD', key, 'MAXLEN', '~', EVENT_LIMIT, '*', 'event', name, ...)
    trimmed[id] = true
  end
  if state ~= 'active' then call('EXPIRE', key, EVENT_TTL_S) end
end
