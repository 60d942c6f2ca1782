-- Dead letters: items that were given up, with their whole history.
--
-- Keys     job:<id>:dead (hash), job:<id>:dead:names (hash), job:<id>:results (hash), job:<id>:history (hash),
--          item:<job>/<item> (hash), dead (zset)
-- Uses     names, commands, clock, counters, events, leases, history, reasons

--- Maximum length of a name in the index of names, in bytes; only a foreign writer makes longer ones.
local LETTER_NAME_BYTES = 500

--- Make a dead letter of an item: with its whole history, and a result of state 'dead'.
--- from     the state in which it is counted now
--- had      table of its need, attempt, body, container and token; is_foreign: true if its body is no item that a worker can read
--- history  its errors, as a JSON list
--- why      the last of them, from failure()
local function bury(id, item, from, had, history, why)
  local member = id .. '/' .. item
  -- A body may be anything, if it was not written by a producer of ours; in the letter, which is JSON, it then becomes a string.
  local body = had.body
  local is_json, decoded = pcall(cjson.decode, body)
  if had.is_foreign or not is_json or type(decoded) ~= 'table' or readable(body) ~= body then
    decoded = {}
    body = cjson.encode(readable(body))
  end
  call('HSET', job_key(id, 'dead'), item, '{"job_id":"' .. id .. '","item_id":"' .. item .. '","lane":"'
    .. job_of(id).own_lane .. '","need":"' .. had.need .. '","buried_ms":' .. NOW_MS .. ',"attempts":' .. had.attempt .. ',"errors":' .. history
    .. ',"item":' .. body .. '}')
  -- The index may still hold a letter of an expired job with this id, which reclaim has not removed yet: count that as dropped.
  if call('ZADD', P .. 'dead', NOW_MS, member) == 0 then
    count('dead', -1)
    count('dropped', 1)
  end
  enter_reason(member, why)
  local name = type(decoded.name) == 'string' and decoded.name or ''
  -- Entries are kept when their letters are removed, so a reader of an entry must check that the letter exists.
  if name ~= '' and #name <= LETTER_NAME_BYTES then call('HSET', job_key(id, 'dead:names'), name, item) end
  call('HDEL', job_key(id, 'history'), item, item .. '#')
  call('DEL', P .. 'item:' .. member)
  call('HSET', job_key(id, 'results'), item, with_reason({
    item_id = item, name = name, state = 'dead', attempts = had.attempt,
    container = had.container and readable(had.container), error_class = why.error,
  }, why))
  move(id, from, 'dead', 1, had.need)
  event(id, 'dead', 'item_id', item, 'attempt', had.attempt, 'error', why.error, 'reason', why.short, 'token', had.token or '')
end

--- A leased or delayed item whose own key is gone: evicted, or deleted by hand. It cannot be done, yet its job must end,
--- so it becomes a dead letter without a message.
local function bury_missing(id, item, from, need)
  if job_of(id).state ~= 'active' then return drop(id, item, from) end
  local why = own_failure('MessageLost', 'message_lost')
  local attempt = attempt_after(call('HGET', job_key(id, 'history'), item))
  local history = append_history(id, item, attempt, why)
  bury(id, item, from, { need = need, attempt = attempt, body = '{}' }, history, why)
end
