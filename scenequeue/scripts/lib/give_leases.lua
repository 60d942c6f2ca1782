-- ready -> leased: give a container the next items.
--
-- Keys     held:<container> (set), held:<container>:call (string), item:<job>/<item> (hash), leases (zset),
--          job:<id>:history (hash)
-- Uses     names, commands, clock, counters, structures, events, lanes, leases, journals, history, letters, stages, retries, draining

--- Items that one LPOP takes from a job at most (count).
local PULL_LIMIT = 1000
--- Malformed elements and empty jobs that one step removes at most (count), so that it does not run long; the next one goes on.
local FRUITLESS_LIMIT = 1000

--- Append to an answer the leases that this same call took before, and that the container still holds, in the same order. The
--- caller repeats a call whose answer was lost.
--- word   see give_leases()
--- place  of the structure, from 0
local function add_taken(out, container, word, place)
  local found = {}
  for _, member in ipairs(members_of(P .. 'held:' .. container)) do
    local got = call('HMGET', P .. 'item:' .. member, 'token', 'container', 'attempt', 'body', 'noted')
    if got[1] and got[2] == container and got[4] and string.sub(got[1], 1, #word + 1) == word .. '-' then
      found[#found + 1] = { num(string.sub(got[1], #word + 2)), member, got[1], math.max(1, num(got[3])), got[4], got[5] }
    end
  end
  table.sort(found, function(a, b) return a[1] < b[1] end)
  for _, each in ipairs(found) do
    local job, item = split_member(each[2])
    if job and job_of(job).state == 'active' then
      call('ZADD', P .. 'leases', out[1], each[2])
      local notes = each[6] and notes_of(each[2])
      for _, field in ipairs({ job, item, each[3], each[4], place, each[5], notes or false }) do out[#out + 1] = field end
    elseif job then
      unlease(each[2], container)
      drop(job, item, 'leased')
    end
  end
end

--- Make a dead letter of an element of a ready list that cannot be parsed, and so has no item id.
--- item  the id that it gets
local function bury_malformed(job, need, element, item, container)
  local why = own_failure('BadInput', 'element_malformed')
  local history = append_history(job, item, 1, why, container)
  bury(job, item, 'ready', { need = need, attempt = 1, body = element, container = container, is_foreign = true }, history, why)
end

--- Remove from a ring a job that is not active, or that has no such need, together with its ready items of this need.
local function remove_stray(lane, need, job)
  leave_ring(job, need, lane)
  if not is_job_id(job) then return end
  unlink_ready(job, need)
  if count_of_need(job, 'ready:' .. need) > 0 then recount_ready(job, need, 0) end
end

--- Put a paused job where it belongs: a version that knows no paused jobs has entered it in the ring of its lane.
local function set_aside(lane, need, id)
  leave_ring(id, need, lane)
  enter_ring(id, need)
  if call('EXISTS', ring_of(lane, need)) == 1 then return end
  -- What is still counted there was counted by that version, and would wake workers for nothing.
  for _, what in ipairs({ 'ready:', 'weight:' }) do
    local amount = count_of(what .. lane .. ':' .. need)
    count(what .. lane .. ':' .. need, -amount)
    count(what .. PAUSED .. ':' .. need, amount)
  end
  check_bell(need)
end

--- Find the job of a lane that was served longest ago, in the rings of all these needs: its need, its id, and true if it is the only
--- job in them. nil if the rings are empty.
--- fronts  need -> the first two jobs of its ring, with turns, as read by an earlier call; what is missing is read and entered
local function first_in_lane(lane, needs, fronts)
  local best, best_need
  for _, need in ipairs(needs) do
    local front = fronts[need]
    if not front then
      front = call('ZRANGE', ring_of(lane, need), 0, 1, 'WITHSCORES')
      fronts[need] = front
    end
    if front[1] and (not best or num(front[2]) < num(best[2])) then best, best_need = front, need end
  end
  if not best then return nil end
  local is_alone = true
  for _, need in ipairs(needs) do
    local front = fronts[need]
    if front[3] or (front[1] and front[1] ~= best[1]) then is_alone = false end
  end
  return best_need, best[1], is_alone
end

--- Give a container the next items that it can do.
--- wanted    how many items at most (count)
--- lease_ms  how long the leases last
--- begun     '1' when work on them begins now, else '0'
--- word      the caller's word for this call, see lease.lua
--- needs     the needs that the container serves
--- Returns   the answer of lease.lua
local function give_leases(container, wanted, lease_ms, begun, word, needs)
  local deadline_ms = NOW_MS + lease_ms
  local out, is_told_again = { deadline_ms }, false
  for at = 2, #KEYS do
    use_structure(at)
    if call('GET', P .. 'held:' .. container .. ':call') == word then
      is_told_again = true
      add_taken(out, container, word, at - 2)
    end
  end
  if is_told_again then return out[2] and out or {} end
  if is_paused() or is_draining(container) then return {} end
  for at = #KEYS, 2, -1 do
    use_structure(at)
    promote()
  end

  local given, fruitless = 0, 0
  --- Place of a structure's prefix in KEYS -> what this step has done in it: turn before and now, items given, and
  --- sets of jobs with malformed elements and of emptied lists. `state` is that of the structure in use.
  local states, state = {}, nil

  --- Lease elements taken from one job's ready list; commands that are the same for all elements are run once.
  local function give(job, need, elements)
    local items, turns, weights, bodies = {}, {}, {}, {}
    local turn = state.turn
    for _, element in ipairs(elements) do
      turn = turn + 1
      local item, weight_ms, body_at = string.match(element, '^([%w._-]+) (%d+) ()')
      if item and num(weight_ms) <= MAX_WEIGHT_MS then
        local n = #items + 1
        items[n], turns[n], weights[n], bodies[n] = item, turn, weight_ms, string.sub(element, body_at)
      else
        bury_malformed(job, need, element, 'malformed-' .. word .. '-' .. turn, container)
        state.malformed[job] = true
      end
    end
    state.turn = turn
    fruitless = fruitless + #elements - #items
    if not items[1] then return end
    local count, histories = #items, {}
    -- Most jobs have none.
    if call('EXISTS', job_key(job, 'history')) == 1 then
      local asked = {}
      for n, item in ipairs(items) do
        asked[n], asked[count + n] = item, item .. '@'
      end
      histories = call('HMGET', job_key(job, 'history'), unpack(asked))
    end
    local members, deadlines, weight_sum_ms = {}, {}, 0
    -- A mark for older structures, because their turns may have the same numbers, and tokens must differ.
    local at, place, mark = #out, state.at - 2, state.at > 2 and '.' .. state.at or ''
    for n, item in ipairs(items) do
      local member, token, attempt = job .. '/' .. item, word .. '-' .. turns[n] .. mark, attempt_after(histories[n])
      call('HSET', P .. 'item:' .. member, 'body', bodies[n], 'weight_ms', weights[n], 'token', token,
        'attempt', attempt, 'container', container, 'begun', begun, 'need', need)
      event(job, 'leased', 'item_id', item, 'token', token, 'attempt', attempt, 'container', container)
      members[n] = member
      deadlines[2 * n - 1], deadlines[2 * n] = deadline_ms, member
      weight_sum_ms = weight_sum_ms + tonumber(weights[n])
      out[at + 1], out[at + 2], out[at + 3] = job, item, token
      out[at + 4], out[at + 5], out[at + 6] = attempt, place, bodies[n]
      out[at + 7] = histories[count + n] and notes_of(member) or false
      at = at + 7
    end
    local added = call('ZADD', P .. 'leases', unpack(deadlines))
    call('SADD', P .. 'held:' .. container, unpack(members))
    move(job, 'ready', 'leased', added, need)
    -- A foreign writer had pushed some of them while they were leased. They are leased anew, so they count as leased once only.
    if added < #items then move(job, 'ready', nil, #items - added, need) end
    weigh(job, need, -weight_sum_ms)
    given, state.given = given + #items, state.given + #items
  end

  -- Within a lane, the structure to begin with is drawn by the call's word, which is random: none starves, whichever are fed.
  local structures = #KEYS - 1
  local first = string.byte(word, -1) % structures
  for _, lane in ipairs(LANES) do
    for nth = 0, given < wanted and not is_paused(lane) and structures - 1 or -1 do
      local at = 2 + (first + nth) % structures
      use_structure(at)
      state = states[at]
      local fronts = {}
      while given < wanted and fruitless < FRUITLESS_LIMIT do
        local need, id, is_alone = first_in_lane(lane, needs, fronts)
        if not need then break end
        fronts[need] = nil
        if not state then
          local first_turn = count_of('turn')
          state = { at = at, first_turn = first_turn, turn = first_turn, given = 0, malformed = {}, emptied = {} }
          states[at] = state
        end
        if not is_job_id(id) or job_of(id).state ~= 'active' or not has_need(job_of(id), need) then
          remove_stray(lane, need, id)
          fruitless = fruitless + 1
        elseif job_of(id).pause then
          set_aside(lane, need, id)
          fruitless = fruitless + 1
        else
          local ready_key = ready_list(id, need)
          -- One item at a time, as jobs take turns, unless this is the only job.
          local n = is_alone and math.min(wanted - given, PULL_LIMIT) or 1
          local elements = call('LPOP', ready_key, n) or {}
          give(id, need, elements)
          if (#elements == n and call('EXISTS', ready_key) == 1) or next_part(id, need) then
            call('ZADD', ring_of(lane, need), state.turn, id)
          else
            leave_ring(id, need, lane)
            state.emptied[id .. ' ' .. need] = true
            if not elements[1] then fruitless = fruitless + 1 end
          end
          -- The job's turn counts in the rings of all needs that this container serves, and in no others. If it counted in one ring
          -- only, a job of many needs would get that many turns; if in all, a need that only other containers serve could starve.
          for _, other in ipairs(needs) do
            if other ~= need and has_need(job_of(id), other) then
              call('ZADD', ring_of(lane, other), 'XX', state.turn, id)
              fronts[other] = nil
            end
          end
        end
      end
    end
  end
  for at = 2, #KEYS do
    state = states[at]
    if state then
      use_structure(at)
      if state.turn > state.first_turn then count('turn', state.turn - state.first_turn) end
      if state.given > 0 then
        call('SET', P .. 'held:' .. container .. ':call', word, 'EX', HELD_TTL_S)
        call('EXPIRE', P .. 'held:' .. container, HELD_TTL_S)
      end
      for place in pairs(state.emptied) do
        local id, need = string.match(place, '^(%S+) (%S+)$')
        if state.malformed[id] or count_of_need(id, 'ready:' .. need) ~= 0 then
          recount_ready(id, need, 0)
          state.malformed[id] = true
        end
      end
      for id in pairs(state.malformed) do finish_stage_if_done(id) end
    end
  end
  return out[2] and out or {}
end
