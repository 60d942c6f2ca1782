-- Indexes by which operators find jobs: by time of submission, state, lane, label, and the beginning of the id.
--
-- Keys     jobs (zset), jobs:state:<state> (zset), jobs:lane:<lane> (zset), jobs:label:<name>=<value> (zset), jobs:names (zset)
-- Uses     names, commands, counters

--- Labels of one job that are indexed at most.
local INDEXED_LIMIT = 16

--- The keys of the indexes of a job's labels.
--- indexed  field of the job's hash: "<name>=<value>" of each label that is indexed, one a line
local function label_indexes(indexed)
  local found = {}
  for label in string.gmatch(indexed, '[^\n]+') do
    if #found < INDEXED_LIMIT then found[#found + 1] = P .. 'jobs:label:' .. label end
  end
  return found
end

--- Enter a new job in all indexes.
local function index_job(id, created_ms)
  local job = job_of(id)
  call('ZADD', P .. 'jobs', created_ms, id)
  call('ZADD', P .. 'jobs:state:' .. job.state, created_ms, id)
  call('ZADD', P .. 'jobs:lane:' .. job.own_lane, created_ms, id)
  call('ZADD', P .. 'jobs:names', 0, id)
  for _, index in ipairs(label_indexes(job.indexed)) do call('ZADD', index, created_ms, id) end
end

--- Give a job another state, in its hash and in the index.
--- more  field, value; repeated: further fields to write
local function set_state(id, state, ...)
  local job, key = job_of(id), job_key(id)
  call('ZREM', P .. 'jobs:state:' .. tostring(job.state), id)
  call('ZADD', P .. 'jobs:state:' .. state, num(call('HGET', key, 'created_ms')), id)
  call('HSET', key, 'state', state, ...)
  job.state = state
end

--- Take a job out of all indexes.
local function unindex_job(id, state, lane, indexed)
  for _, index in ipairs({ 'jobs', 'jobs:state:' .. state, 'jobs:lane:' .. lane, 'jobs:names', 'jobs:paused' }) do
    call('ZREM', P .. index, id)
  end
  for _, index in ipairs(label_indexes(indexed)) do call('ZREM', index, id) end
end
