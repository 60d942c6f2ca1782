-- Lanes. Each lane has a ring for every need: the jobs that have ready items of that need, with the turn in which each was last
-- served. The job with the lowest turn is served next, so jobs take turns. `turn` in `counts` is the number of items leased so far.
--
-- Keys     lane:<lane>:<need> (zset), since:<lane>:<need> (zset), job:<id> (hash), job:<id>:ready:<need> (list),
--          job:<id>:parts:<need> (list), job:<id>:stage:<n>:<need> (list)
-- Uses     names, commands, clock, counters

local function ring_of(lane, need) return P .. 'lane:' .. lane .. ':' .. need end
local function ready_list(id, need) return job_key(id, 'ready:' .. need) end

--- The key of a list of keys: further lists of ready items. The first of them becomes the ready list when that has run empty.
local function parts_list(id, need) return job_key(id, 'parts:' .. need) end

--- The keys in it; keys that are not this job's are left out, because a foreign writer may have put them there.
local function parts_of(id, need)
  local own, found = job_key(id, 'stage:'), {}
  for _, key in ipairs(call('LRANGE', parts_list(id, need), 0, SET_LIMIT)) do
    if string.sub(key, 1, #own) == own then found[#found + 1] = key end
  end
  return found
end

--- Make the next of these lists the ready list, which has run empty; returns false if there is none.
local function next_part(id, need)
  while true do
    local key = call('LPOP', parts_list(id, need))
    if not key then return false end
    if string.sub(key, 1, #job_key(id, 'stage:')) == job_key(id, 'stage:') and call('EXISTS', key) == 1 then
      call('RENAME', key, ready_list(id, need))
      return true
    end
  end
end

--- The ready items of a need in all lists of a job (count).
local function ready_length(id, need)
  local length = call('LLEN', ready_list(id, need))
  for _, key in ipairs(parts_of(id, need)) do length = length + call('LLEN', key) end
  return length
end

--- Remove all ready items of a need from a job's lists; the caller counts them.
local function unlink_ready(id, need)
  for _, key in ipairs(parts_of(id, need)) do call('UNLINK', key) end
  call('UNLINK', ready_list(id, need))
  call('UNLINK', parts_list(id, need))
end

--- Enter a job in the ring of a need, unless it is there.
local function enter_ring(id, need)
  local turn = count_of('turn')
  local lane = job_of(id).lane
  -- Half a turn before the job that was served last, and behind all others. So a new job does not wait while one large job is
  -- served twice, and yet cannot come before jobs that have waited longer.
  call('ZADD', ring_of(lane, need), 'NX', turn - 0.5, id)
  call('ZADD', P .. 'since:' .. lane .. ':' .. need, 'NX', NOW_MS, id)
end

local function leave_ring(id, need, lane)
  call('ZREM', ring_of(lane, need), id)
  call('ZREM', P .. 'since:' .. lane .. ':' .. need, id)
end

--- Return this need if it is well-formed, else the first one of the job.
local function need_or_first(id, need)
  if need and is_need(need) then return need end
  return needs_of(job_of(id))[1] or 'unknown/0'
end

local function has_need(job, need) return string.find(' ' .. job.needs .. ' ', ' ' .. need .. ' ', 1, true) ~= nil end

--- Add a need to those of a job, unless it is there.
local function add_need(id, need)
  local job = job_of(id)
  if not job.state or has_need(job, need) then return end
  job.needs = job.needs == '' and need or (job.needs .. ' ' .. need)
  call('HSET', job_key(id), 'needs', job.needs)
end

--- Put an item at the front of its job's ready items. The caller counts it by move(); its weight is added here.
local function make_ready(id, need, item, weight_ms, body)
  call('LPUSH', ready_list(id, need), item .. ' ' .. weight_ms .. ' ' .. body)
  weigh(id, need, weight_ms)
  add_need(id, need)
  enter_ring(id, need)
end

--- Correct a job's counter of ready items of a need: further ones come from outside, missing ones count as dropped.
--- length  items in its lists (count)
local function recount_ready(id, need, length)
  local counted = count_of_need(id, 'ready:' .. need)
  if length > counted then move(id, nil, 'ready', length - counted, need) end
  if length < counted then move(id, 'ready', 'dropped', counted - length, need) end
  if length == 0 then weigh(id, need, -count_of_need(id, 'weight:' .. need)) end
end
