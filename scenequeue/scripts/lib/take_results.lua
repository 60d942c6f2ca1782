-- leased -> done: store results, add to the rates, open the next stage or end the job.
--
-- Keys     rates (hash), leases (zset), held:<container> (set), item:<job>/<item> (hash), job:<id>:results (hash),
--          job:<id>:history (hash)
-- Uses     names, commands, counters, events, leases, growth, stages

--- A need's sums are halved once its weight exceeds this (thousandths), so that newer measurements count more.
local RATE_WINDOW_MS = 3600 * 1000
--- Arguments of one result.
local RESULT_FIELDS = 8

--- Add a measurement to the sums of a need, from which the dispatcher computes its rate.
--- busy_ms    time that slots have worked
--- weight_ms  weight of what they have done
local function learn(need, busy_ms, weight_ms)
  local rates, busy, weight = SHARED .. 'rates', need .. ':busy_ms', need .. ':weight_ms'
  local got = call('HMGET', rates, busy, weight)
  local all_busy, all_weight = num(got[1]) + busy_ms, num(got[2]) + weight_ms
  if all_weight > RATE_WINDOW_MS then all_busy, all_weight = math.floor(all_busy / 2), math.floor(all_weight / 2) end
  call('HSET', rates, busy, all_busy, weight, all_weight)
end

--- Count a done item that is no scene: scenes are the done items that are counted here neither as films nor as others.
local function count_made(need)
  local kind = string.match(need, '^[^/]*')
  if kind ~= 'render' then count(kind == 'stitch' and 'films' or 'others', 1) end
end

--- Remove the errors, losses and marks of journals of items that are done; most jobs have none.
--- results  item, result; repeated
local function forget_history(id, results)
  local key, fields = job_key(id, 'history'), {}
  if call('EXISTS', key) == 0 then return end
  for i = 1, #results, 2 do
    local item, n = results[i], #fields
    fields[n + 1], fields[n + 2], fields[n + 3] = item, item .. '#', item .. '@'
  end
  call_with('HDEL', key, fields)
end

--- Store results. Commands are most of the cost, so all results share one command of each kind where they can.
--- first, last  places in ARGV of: job id, item id, token, need, busy (ms), weight (thousandths), result json, how many
---              items it brings (count); repeated
--- Returns      positions (from 1) of the results that were refused, because the lease is not this container's or the job was
---              cancelled. A negative position: the items that it brings are incomplete, or its job has no stage for them; nothing of
---              it was stored, and the lease stays
local function take_results(container, first, last)
  local refused = {}
  --- member -> its result, or false where the job was cancelled
  local seen = {}
  local members, keys = {}, {}
  --- job -> item, result; repeated. The same for tokens.
  local results, tokens = {}, {}
  local busy, weight = {}, {}
  --- job -> growths of its items.
  local growths = {}
  for i = first, last, RESULT_FIELDS do
    local job, item, token, need, result = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 6]
    local member = job .. '/' .. item
    local brings, position, is_taken, growth = num(ARGV[i + 7]), (i - first) / RESULT_FIELDS + 1, nil, nil
    local is_ours, has_journal, spare
    if seen[member] == nil then is_ours, has_journal, spare = holds(container, member, token) end
    if seen[member] ~= nil then
      is_taken = seen[member] == result
    elseif not is_ours then
      -- A repeated ack, whose first answer was lost on the way, is accepted.
      is_taken = call('HGET', job_key(job, 'results'), item) == result
    else
      growth = brings > 0 and growth_of(job, item, token, brings)
      if growth == nil then
        refused[#refused + 1] = -position
        is_taken = true
      end
    end
    if is_taken == nil then
      is_taken = job_of(job).state == 'active'
      seen[member] = is_taken and result
      members[#members + 1] = member
      keys[#keys + 1] = P .. 'item:' .. member
      if has_journal then keys[#keys + 1] = journal_of(member) end
      if spare then
        -- The first result ends both leases.
        call('SREM', P .. 'held:' .. spare.other, member)
        event(job, 'yielded', 'item_id', item, 'token', spare.is_ours and call('HGET', P .. 'item:' .. member, 'token') or spare.token,
          'container', spare.other)
      end
      if not is_taken then
        move(job, 'leased', 'dropped', 1)
      else
        if growth then
          growths[job] = growths[job] or {}
          table.insert(growths[job], growth)
        end
        if not results[job] then results[job], tokens[job] = {}, {} end
        local of_job, n = results[job], #tokens[job] + 1
        of_job[2 * n - 1], of_job[2 * n] = item, result
        tokens[job][n] = token
        count_made(need)
        busy[need] = (busy[need] or 0) + tonumber(ARGV[i + 4])
        weight[need] = (weight[need] or 0) + tonumber(ARGV[i + 5])
      end
    end
    if not is_taken then refused[#refused + 1] = position end
  end
  -- Commands that free memory come first, so that a server which has reached its limit can still store the results.
  call_with('ZREM', P .. 'leases', members)
  call_with('SREM', P .. 'held:' .. container, members)
  -- DEL has no arguments but keys: the first one is passed as `call_with`'s key, and once more among the arguments.
  call_with('DEL', keys[1], keys)
  for job, of_job in pairs(results) do
    call_with('HSET', job_key(job, 'results'), of_job)
    forget_history(job, of_job)
    for n, token in ipairs(tokens[job]) do
      event(job, 'done', 'item_id', of_job[2 * n - 1], 'token', token, 'container', container)
    end
    move(job, 'leased', 'done', #tokens[job])
    for _, growth in ipairs(growths[job] or {}) do take_growth(job, growth) end
    finish_stage_if_done(job)
  end
  for need, ms in pairs(weight) do learn(need, busy[need], ms) end
  return refused
end
