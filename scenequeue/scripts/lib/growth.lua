-- Growth: an item of one stage brings items for the next stage, which was deferred at submission.
--
-- Keys     growth:<token> (hash), growth:<token>:<need> (list), job:<id> (hash), job:<id>:brought (hash)
-- Uses     names, commands, counters, lanes, stages

--- A staged list of up to so many items is appended to the list that the stage has already; a longer one stays a list of its own, so
--- that an ack takes the same time for any number of items.
local COPY_LIMIT = 1000

--- The key of what an item stages under the token of its lease: without a need a hash, need -> "<count> <weight in ms>"; with a need
--- the list of items of that need.
local function growth_key(token, need) return P .. 'growth:' .. token .. (need and (':' .. need) or '') end

--- The number of the job's next stage if that is deferred, so that items may be brought for it; else nil.
local function deferred_stage(id)
  local got = call('HMGET', job_key(id), 'stage', 'stages', 'deferred')
  local stage = num(got[1]) + 1
  local is_deferred = string.find(' ' .. (got[3] or '') .. ' ', ' ' .. stage .. ' ', 1, true)
  return is_deferred and stage < num(got[2]) and stage or nil
end

--- The lists that are staged under a token: need, n, weight_ms; nil unless all exist in full length, with `total` items together.
local function staged_growth(token, total)
  local fields, found, sum = call('HGETALL', growth_key(token)), {}, 0
  for i = 1, #fields, 2 do
    local n, weight_ms = string.match(fields[i + 1], '^(%d+) (%d+)$')
    if not n or #found >= NEED_LIMIT or not is_need(fields[i]) or call('LLEN', growth_key(token, fields[i])) ~= num(n) then return nil end
    found[#found + 1] = { need = fields[i], n = num(n), weight_ms = num(weight_ms) }
    sum = sum + num(n)
  end
  return sum == total and found or nil
end

--- True if a job's items may have these needs too, beside those that they have and those that this step has admitted before.
--- needs  list of needs
local function admit_needs(id, needs)
  local job, n = job_of(id), 0
  local with = { needs = job.admitted or job.needs }
  for _, need in ipairs(needs) do
    if not has_need(with, need) then with.needs = with.needs .. ' ' .. need end
  end
  for _ in string.gmatch(with.needs, '%S+') do n = n + 1 end
  if n > NEED_LIMIT then return false end
  job.admitted = with.needs
  return true
end

--- What an item brings, for take_growth(); nil if it is incomplete, if the job would have too many needs, or if its next stage is not
--- deferred.
--- total  items that its ack names (count)
local function growth_of(id, item, token, total)
  local stage = deferred_stage(id)
  local staged, needs = stage and staged_growth(token, total), {}
  for i, list in ipairs(staged or {}) do needs[i] = list.need end
  return staged and admit_needs(id, needs) and { item = item, token = token, stage = stage, staged = staged } or nil
end

--- Make staged lists part of a stage that has not opened, in time that does not depend on their length.
--- growth  from growth_of()
local function take_growth(id, growth)
  local stage = growth.stage
  local lists, total = stage_lists(id, stage), 0
  for _, more in ipairs(growth.staged) do
    local source, before = growth_key(growth.token, more.need), nil
    for _, list in ipairs(lists) do
      if list.need == more.need and not before then before = list end
    end
    if before and more.n <= COPY_LIMIT then
      call_with('RPUSH', before.key, call('LRANGE', source, 0, -1))
      call('DEL', source)
      before.n, before.weight_ms = before.n + more.n, before.weight_ms + more.weight_ms
    else
      more.key = stage_list(id, stage, more.need, before and #lists + 1)
      call('RENAME', source, more.key)
      call('PERSIST', more.key)
      lists[#lists + 1] = more
    end
    add_need(id, more.need)
    total = total + more.n
  end
  describe_stage(id, stage, lists)
  call('HSET', job_key(id, 'brought'), growth.item, total)
  call('DEL', growth_key(growth.token))
  move(id, nil, 'waiting', total)
end
