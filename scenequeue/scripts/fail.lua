-- leased -> delayed or dead: one attempt failed. An item that another container holds too stays leased to that one.
--
-- Keys      item:<job>/<item> (hash), delayed (zset), job:<id>:delayed (set), job:<id>:history (hash), job:<id>:dead (hash)
-- ARGV[3]   container id
-- ARGV[4]   job id
-- ARGV[5]   item id
-- ARGV[6]   token
-- ARGV[7]   error class
-- ARGV[8]   reason, as JSON of a code and parameters
-- ARGV[9]   the same in short, for events
-- ARGV[10]  retry after (ms), or -1 when it can never pass
-- ARGV[11]  the lease's attempt
-- ARGV[12]  1 when its message cannot be read; else absent
-- Output    'delayed', 'dead', 'leased' (by the other holder; nothing is counted), 'dropped' (job cancelled) or 'lost' (not this
--           container's lease; nothing changed).
--           The same failure again, after its answer was lost on the way, is answered as it was, and counts once.
-- Uses      names, commands, clock, counters, events, lanes, leases, history, letters, spares, stages

local container, job, item, token = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local why, retry_in_ms, attempt = failure(ARGV[7], ARGV[8], ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local member = job .. '/' .. item
local key = P .. 'item:' .. member

--- True if the last error of a history is the failure that this call reports.
--- history  the list of errors
--- text     the JSON that ends with it, whose reason is compared as text
local function ends_with_this(history, text)
  local last = type(history) == 'table' and history[#history]
  return type(last) == 'table' and last.attempt == attempt and last.container == container and last.error == why.error
    and string.sub(text, -#why.reason - 1) == ',' .. string.sub(why.reason, 2) .. ']'
end

if not holds(container, member, token) then
  local text, history = history_of(call('HGET', job_key(job, 'history'), item))
  if ends_with_this(history, text) then return finish('delayed') end
  local letter = call('HGET', job_key(job, 'dead'), item) or ''
  local is_json, decoded = pcall(cjson.decode, letter)
  return finish(is_json and type(decoded) == 'table' and ends_with_this(decoded.errors, split_letter(letter) or '') and 'dead' or 'lost')
end
if job_of(job).state == 'active' and leave_to_other(member, container, why) then return finish('leased') end
unlease(member, container)
local outcome
if job_of(job).state ~= 'active' then
  drop(job, item, 'leased')
  outcome = 'dropped'
else
  local history = append_history(job, item, attempt, why, container)
  if retry_in_ms < 0 or attempt >= job_of(job).max_attempts then
    local got = call('HMGET', key, 'body', 'need')
    local had = { need = need_or_first(job, got[2]), attempt = attempt, body = got[1] or '', container = container, token = token,
      is_foreign = ARGV[12] == '1' }
    bury(job, item, 'leased', had, history, why)
    outcome = 'dead'
  else
    call('HDEL', key, 'token', 'container', 'attempt')
    call('ZADD', P .. 'delayed', NOW_MS + retry_in_ms, member)
    call('SADD', job_key(job, 'delayed'), item)
    move(job, 'leased', 'delayed', 1)
    event(job, 'retry', 'item_id', item, 'attempt', attempt, 'error', why.error, 'reason', why.short, 'token', token)
    outcome = 'delayed'
  end
end
finish_stage_if_done(job)
return finish(outcome)
