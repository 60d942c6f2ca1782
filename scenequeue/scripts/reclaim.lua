-- leased -> ready or dead, delayed -> ready: take back expired leases, promote due retries, prune expired jobs and containers.
--
-- Keys     leases (zset), delayed (zset), notices (zset), dead (zset), containers (zset), container:<id> (hash),
--          job:<id>:dead (hash)
-- ARGV[3]  how many leases at most (count)
-- Output   leases taken back, retries promoted
-- Uses     names, commands, clock, counters, history, losses, retries, expiry, reasons, repair

--- No retry waits so long. One that seems to was put off before the server's clock went back; it is due now.
local MAX_RETRY_MS = 600000
--- Likewise, no callback is put off for longer (dispatcher/webhooks.py).
local MAX_NOTICE_MS = 3600000
--- A container is forgotten once its record has expired, and not before.
local CONTAINER_KEPT_MS = 86400000

local limit = tonumber(ARGV[3])

--- The members of a sorted set of times that are further ahead than any of ours (ms).
local function beyond(index, ahead_ms)
  return call('ZRANGEBYSCORE', index, string.format('(%.0f', NOW_MS + ahead_ms), '+inf', 'LIMIT', 0, limit)
end

--- Remove from the index those letters that are gone, and count them as dropped. What has a letter, and a burial in the future, was
--- buried before the server's clock went back.
local function prune_dead(members, is_future)
  for _, member in ipairs(members) do
    local job, item = split_member(member)
    if not job or call('HEXISTS', job_key(job, 'dead'), item) == 0 then
      call('ZREM', P .. 'dead', member)
      leave_reasons({ member })
      count('dead', -1)
      count('dropped', 1)
    elseif is_future then
      call('ZADD', P .. 'dead', NOW_MS, member)
    end
  end
end

--- Forget those containers of which there is no record; the same for a first report in the future.
local function prune_containers(containers, is_future)
  for _, container in ipairs(containers) do
    if call('EXISTS', SHARED .. 'container:' .. container) == 0 then
      call('ZREM', SHARED .. 'containers', container)
    elseif is_future then
      call('ZADD', SHARED .. 'containers', NOW_MS, container)
    end
  end
end

repair()
local why = own_failure('LeaseExpired', 'lease_expired')
-- Where more have expired at once, the next call takes the rest: all are older than leases that expire later, so none is passed over.
local expired = call('ZRANGEBYSCORE', P .. 'leases', '-inf', NOW_MS, 'LIMIT', 0, limit)
take_back_all(expired, why)
for _, member in ipairs(beyond(P .. 'delayed', MAX_RETRY_MS)) do call('ZADD', P .. 'delayed', NOW_MS, member) end
for _, id in ipairs(beyond(P .. 'notices', MAX_NOTICE_MS)) do call('ZADD', P .. 'notices', NOW_MS, id) end
local promoted = promote()

forget_expired(limit)
prune_dead(call('ZRANGEBYSCORE', P .. 'dead', '-inf', NOW_MS - RESULT_TTL_S * 1000, 'LIMIT', 0, limit))
prune_dead(beyond(P .. 'dead', 0), true)
prune_containers(call('ZRANGEBYSCORE', SHARED .. 'containers', '-inf', NOW_MS - CONTAINER_KEPT_MS, 'LIMIT', 0, limit))
prune_containers(beyond(SHARED .. 'containers', 0), true)
return finish({ #expired, promoted })
