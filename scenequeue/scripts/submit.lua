-- outside -> ready: make a job visible as a whole: the items in staging lists, and the last ones, which are arguments of this step.
--
-- Keys      job:<id> (hash), job:<id>:ready:<need> (list), job:<id>:stage:<n>:<need> (list),
--           staging:<nonce>:<n>:<need> (list), notices (zset), wished (zset); in older structures job:<id> and counts alone
-- ARGV[3]   job id
-- ARGV[4]   nonce of the staging lists
-- ARGV[5]   digest of the content
-- ARGV[6]   most ready items there may be afterwards (count), or -1
-- ARGV[7]   lane
-- ARGV[8]   number of stages
-- ARGV[9…]  per stage: number of needs, 0 for a deferred one, whose items are brought later; for each of them: need, number of
--           items, weight (thousandths), how many of its items, the last ones, are arguments
-- then      number of fields of the job's hash; field, value, repeated
-- then      these elements, in the order of stages and needs
-- Output    'created', 'same', 'conflict', 'full' or 'gone' (a staging list has expired); when it was created (ms)
-- Uses      names, commands, clock, counters, events, lanes, expiry, job_index, folders

local id, nonce, digest, limit, lane = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7]
--- How many expired jobs leave the indexes here; there are more only where nothing has reclaimed for long.
local FORGOTTEN_LIMIT = 10000
local key = job_key(id)

--- Each list of items: stage, need, n, weight_ms, along.
local lists, needs, is_named, first = {}, {}, {}, 0
local deferred, stages, at = {}, tonumber(ARGV[8]), 9
for stage = 0, stages - 1 do
  local last = at + 4 * tonumber(ARGV[at])
  for i = at + 1, last, 4 do
    local list = { stage = stage, need = ARGV[i], n = tonumber(ARGV[i + 1]), weight_ms = ARGV[i + 2], along = tonumber(ARGV[i + 3]) }
    lists[#lists + 1] = list
    if not is_named[list.need] then needs[#needs + 1] = list.need end
    is_named[list.need] = true
    if stage == 0 then first = first + list.n end
  end
  if last == at then deferred[#deferred + 1] = stage end
  at = last + 1
end

local function staging(list) return P .. 'staging:' .. nonce .. ':' .. list.stage .. ':' .. list.need end
local function refuse(answer)
  for _, list in ipairs(lists) do call('UNLINK', staging(list)) end
  return finish({ answer, NOW_MS })
end

local ready = limit >= 0 and count_of('ready')
for at = 2, #KEYS do
  local found = call('HMGET', KEYS[at] .. 'job:' .. id, 'state', 'digest')
  if found[1] then return refuse(found[2] == digest and 'same' or 'conflict') end
  if ready and at > 2 then ready = ready + num(call('HGET', KEYS[at] .. 'counts', 'ready')) end
end
-- A hash without a state is no job but a foreign writer's. Nothing is written where there is none, see below.
if call('EXISTS', key) == 1 then call('DEL', key) end
if ready and ready + first > limit then return refuse('full') end
for _, list in ipairs(lists) do
  if call('LLEN', staging(list)) ~= list.n - list.along then return refuse('gone') end
end

local fields = {
  'state', 'active', 'digest', digest, 'created_ms', NOW_MS, 'lane', lane, 'needs', table.concat(needs, ' '), 'stage', 0,
  'stages', stages,
}
local elements_at = at + 1 + 2 * tonumber(ARGV[at])
local has_wishes, indexed, work_folder = false, '', nil
for i = at + 1, elements_at - 1, 2 do
  fields[#fields + 1], fields[#fields + 2] = ARGV[i], ARGV[i + 1]
  has_wishes = has_wishes or ARGV[i] == 'wishes'
  if ARGV[i] == 'indexed' then indexed = ARGV[i + 1] end
  if ARGV[i] == 'work_folder' then work_folder = ARGV[i + 1] end
end
local waiting = {}
for _, list in ipairs(lists) do
  -- A first stage of one item is never nearly done, see spare.lua, so it needs none.
  if list.stage > 0 or first > 1 then
    local described = list.need .. ' ' .. list.n .. ' ' .. list.weight_ms
    waiting[list.stage] = waiting[list.stage] and (waiting[list.stage] .. ' ' .. described) or described
  end
end
if deferred[1] then
  fields[#fields + 1], fields[#fields + 2] = 'deferred', table.concat(deferred, ' ')
end
for stage, described in pairs(waiting) do
  fields[#fields + 1], fields[#fields + 2] = 'stage:' .. stage, described
end
new_job(id, lane, needs, indexed)
for _, list in ipairs(lists) do
  if list.stage == 0 then
    move(id, nil, 'ready', list.n, list.need)
    weigh(id, list.need, tonumber(list.weight_ms))
  else
    move(id, nil, 'waiting', list.n)
  end
end
-- The first thing written is one that a server without memory refuses; after it, it would take all the rest.
call_with('HSET', key, take_changed(job_of(id), fields))
-- An expired job of this id may still be in the indexes, and would take the new one out of them.
forget_expired(FORGOTTEN_LIMIT)
call('ZREM', P .. 'notices', id)
for _, list in ipairs(lists) do
  local target = list.stage == 0 and ready_list(id, list.need) or job_key(id, 'stage:' .. list.stage .. ':' .. list.need)
  if list.n > list.along then
    call('RENAME', staging(list), target)
    call('PERSIST', target)
  else
    -- Nothing may be left of an earlier job of this id, whatever became of its other keys.
    call('DEL', target)
  end
  call_with('RPUSH', target, ARGV, elements_at, elements_at + list.along - 1)
  elements_at = elements_at + list.along
  if list.stage == 0 then enter_ring(id, list.need) end
end
index_job(id, NOW_MS)
if has_wishes then call('ZADD', P .. 'wished', NOW_MS, id) end
look_at_folder(id, work_folder, FOLDER_LOOK_MS)
event(id, 'submitted', 'items', first)
return finish({ 'created', NOW_MS })
