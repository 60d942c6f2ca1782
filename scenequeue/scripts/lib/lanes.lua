-- Lanes: each is a ring of the jobs that have ready items, by the turn that they were last served in.
--
-- Keys     lane:<lane> (zset), job:<id>:ready (list)
-- Uses     names, commands, counters

--- Give a job its place among those that have ready items. A newcomer comes before the job that was
--- served last, so it is the very next behind one large job, yet cannot starve it.
local function enter_ring(id)
  local turn = count_of('turn')
  call('ZADD', P .. 'lane:' .. job_of(id).lane, 'NX', turn - 0.5, id)
end

--- Put an item back at the front of its job; it is counted by the caller.
local function make_ready(id, item, weight_ms, body)
  call('LPUSH', job_key(id, 'ready'), item .. ' ' .. weight_ms .. ' ' .. body)
  weigh(id, weight_ms)
  enter_ring(id)
end

--- Make what a job counts as ready agree with its list of so many elements: what was pushed uncounted is counted, what is
--- gone from the list is dropped.
local function recount_ready(id, length)
  local job = job_of(id)
  if length > job.ready then move(id, nil, 'ready', length - job.ready) end
  if length < job.ready then move(id, 'ready', 'dropped', job.ready - length) end
  if length == 0 then weigh(id, -job.ready_weight_ms) end
end
