-- Lanes: for each need a ring of the jobs that have ready items of it, by the turn that they were last served in.
--
-- Keys     lane:<lane>:<need> (zset), since:<lane>:<need> (zset), job:<id> (hash), job:<id>:ready:<need> (list)
-- Uses     names, commands, clock, counters

local function ring_of(lane, need) return P .. 'lane:' .. lane .. ':' .. need end
local function ready_list(id, need) return job_key(id, 'ready:' .. need) end

--- Give a job its place among those that have ready items of a need. A newcomer comes before the job that was
--- served last, so it is the very next behind one large job, yet cannot starve it.
local function enter_ring(id, need)
  local turn = count_of('turn')
  local lane = job_of(id).lane
  call('ZADD', ring_of(lane, need), 'NX', turn - 0.5, id)
  call('ZADD', P .. 'since:' .. lane .. ':' .. need, 'NX', NOW_MS, id)
end

local function leave_ring(id, need, lane)
  call('ZREM', ring_of(lane, need), id)
  call('ZREM', P .. 'since:' .. lane .. ':' .. need, id)
end

--- A need that an item is said to have; the job's first where it is none.
local function need_or_first(id, need)
  if need and is_need(need) then return need end
  return needs_of(job_of(id))[1] or 'unknown/0'
end

local function has_need(job, need) return string.find(' ' .. job.needs .. ' ', ' ' .. need .. ' ', 1, true) ~= nil end

--- A job has items of a need: it is known by it from now on.
local function add_need(id, need)
  local job = job_of(id)
  if not job.state or has_need(job, need) then return end
  job.needs = job.needs == '' and need or (job.needs .. ' ' .. need)
  call('HSET', job_key(id), 'needs', job.needs)
end

--- Put an item back at the front of its job; it is counted by the caller.
local function make_ready(id, need, item, weight_ms, body)
  call('LPUSH', ready_list(id, need), item .. ' ' .. weight_ms .. ' ' .. body)
  weigh(id, need, weight_ms)
  add_need(id, need)
  enter_ring(id, need)
end

--- Make what a job counts as ready agree with its list of so many elements: what was pushed uncounted is counted, what is
--- gone from the list is dropped.
local function recount_ready(id, need, length)
  local counted = count_of_need(id, 'ready:' .. need)
  if length > counted then move(id, nil, 'ready', length - counted, need) end
  if length < counted then move(id, 'ready', 'dropped', counted - length, need) end
  if length == 0 then weigh(id, need, -count_of_need(id, 'weight:' .. need)) end
end
