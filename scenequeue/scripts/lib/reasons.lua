-- Counts and indexes of the dead letters by reason: the code of the last attempt's error, or its class if it has no code.
--
-- Keys     dead:reasons (hash), dead:reason_of (hash; "<reason> <error class>"), dead:reason:<reason> (zset)
-- Uses     names, commands, clock

--- Reasons that are counted; all further ones together count as "other". And the longest name of one; a longer one is "other" too.
local REASON_LIMIT = 200
local REASON_BYTES = 64

--- Take dead letters out of the counts and indexes by reason.
local function leave_reasons(members)
  local reasons = call('HMGET', P .. 'dead:reason_of', unpack(members))
  local by_reason, known = {}, {}
  for i, member in ipairs(members) do
    local reason = reasons[i] and string.match(reasons[i], '^%S+')
    if reason then
      known[#known + 1] = member
      by_reason[reason] = by_reason[reason] or {}
      table.insert(by_reason[reason], member)
    end
  end
  if not known[1] then return end
  call('HDEL', P .. 'dead:reason_of', unpack(known))
  for reason, some in pairs(by_reason) do
    call('ZREM', P .. 'dead:reason:' .. reason, unpack(some))
    local left = call('ZCARD', P .. 'dead:reason:' .. reason)
    if left > 0 then call('HSET', P .. 'dead:reasons', reason, left) else call('HDEL', P .. 'dead:reasons', reason) end
  end
end

--- Return a text if it can be the name of a reason, else 'other'.
local function name_of(text) return #text <= REASON_BYTES and string.match(text, '^%w[%w_.-]*$') or 'other' end

--- Enter a dead letter into the counts and indexes by reason.
--- why  from failure()
local function enter_reason(member, why)
  leave_reasons({ member })
  local class, reason = name_of(why.error), name_of(string.match(why.reason, '^{"code":"([^"]*)"') or '')
  if reason == 'other' then reason = class end
  if call('HEXISTS', P .. 'dead:reasons', reason) == 0 and call('HLEN', P .. 'dead:reasons') >= REASON_LIMIT then reason = 'other' end
  call('HSET', P .. 'dead:reason_of', member, reason .. ' ' .. class)
  call('ZADD', P .. 'dead:reason:' .. reason, NOW_MS, member)
  call('HSET', P .. 'dead:reasons', reason, call('ZCARD', P .. 'dead:reason:' .. reason))
end
