-- Makes items ready again whose pause before a retry is over.
--
-- Keys     delayed (zset), job:<id>:delayed (set), item:<job>/<item> (hash)
-- Uses     names, commands, clock, counters, lanes, leases, letters, stages

--- Retries that one step makes ready at most (count), so that no step runs long.
local PROMOTE_LIMIT = 64

--- Make due retries ready again; returns their number.
local function promote()
  local due = call('ZRANGEBYSCORE', P .. 'delayed', '-inf', NOW_MS, 'LIMIT', 0, PROMOTE_LIMIT)
  local lost = {}
  for _, member in ipairs(due) do
    call('ZREM', P .. 'delayed', member)
    local id, item = split_member(member)
    local got = id and call('HMGET', P .. 'item:' .. member, 'body', 'weight_ms', 'token', 'need') or {}
    if id then call('SREM', job_key(id, 'delayed'), item) end
    if not id or got[3] then
      -- A foreign writer has put it into `delayed`: it is no well-formed member, or an item that is leased.
    elseif not got[1] then
      if job_of(id).delayed > 0 then
        bury_missing(id, item, 'delayed', need_or_first(id, got[4]))
        lost[id] = true
      end
    elseif job_of(id).state ~= 'active' then
      drop(id, item, 'delayed')
    else
      call('DEL', P .. 'item:' .. member)
      local need = need_or_first(id, got[4])
      move(id, 'delayed', 'ready', 1, need)
      make_ready(id, need, item, num(got[2]), got[1])
    end
  end
  for id in pairs(lost) do finish_stage_if_done(id) end
  return #due
end
