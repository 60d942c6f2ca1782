-- Lanes: for each need a ring of the jobs that have ready items of it, by the turn that they were last served in.
--
-- Keys     lane:<lane>:<need> (zset), since:<lane>:<need> (zset), job:<id> (hash), job:<id>:ready:<need> (list),
--          job:<id>:parts:<need> (list), job:<id>:stage:<n>:<need> (list)
-- Uses     names, commands, clock, counters

local function ring_of(lane, need) return P .. 'lane:' .. lane .. ':' .. need end
local function ready_list(id, need) return job_key(id, 'ready:' .. need) end

--- Lists of a stage that take the place of the ready one, each when the one before has run empty.
local function parts_list(id, need) return job_key(id, 'parts:' .. need) end

--- The keys of these lists, as far as they are the job's own.
local function parts_of(id, need)
  local own, found = job_key(id, 'stage:'), {}
  for _, key in ipairs(call('LRANGE', parts_list(id, need), 0, SET_LIMIT)) do
    if string.sub(key, 1, #own) == own then found[#found + 1] = key end
  end
  return found
end

--- Put the next list in the place of the ready one, which has run empty; true if there is one.
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

--- How many ready items of a need a job has in its lists.
local function ready_length(id, need)
  local length = call('LLEN', ready_list(id, need))
  for _, key in ipairs(parts_of(id, need)) do length = length + call('LLEN', key) end
  return length
end

local function unlink_ready(id, need)
  for _, key in ipairs(parts_of(id, need)) do call('UNLINK', key) end
  call('UNLINK', ready_list(id, need))
  call('UNLINK', parts_list(id, need))
end

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
