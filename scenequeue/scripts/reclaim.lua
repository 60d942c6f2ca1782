-- leased -> ready or dead, delayed -> ready: take back expired leases, promote due retries, prune expired jobs and containers.
--
-- Keys     leases (zset), delayed (zset), dead (zset), containers (zset), container:<id> (hash), job:<id>:dead (hash)
-- ARGV[3]  how many leases at most (count)
-- Output   leases taken back, retries promoted
-- Uses     names, commands, clock, counters, history, losses, retries, expiry, reasons, repair

--- No retry waits so long. One that seems to was put off before the server's clock went back; it is due now.
local MAX_RETRY_MS = 600000
--- A container is forgotten once its record has expired, and not before.
local CONTAINER_KEPT_MS = 86400000

local limit = tonumber(ARGV[3])
repair()
local why = own_failure('LeaseExpired', 'lease_expired')
-- Where more have expired at once, the next call takes the rest: all are older than leases that expire later, so none is passed over.
local expired = call('ZRANGEBYSCORE', P .. 'leases', '-inf', NOW_MS, 'LIMIT', 0, limit)
take_back_all(expired, why)
for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'delayed', NOW_MS + MAX_RETRY_MS, '+inf', 'LIMIT', 0, limit)) do
  call('ZADD', P .. 'delayed', NOW_MS, member)
end
local promoted = promote()

forget_expired(limit)
local old = NOW_MS - RESULT_TTL_S * 1000
for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'dead', '-inf', old, 'LIMIT', 0, limit)) do
  local job, item = split_member(member)
  if not job or call('HEXISTS', job_key(job, 'dead'), item) == 0 then
    call('ZREM', P .. 'dead', member)
    leave_reasons({ member })
    count('dead', -1)
    count('dropped', 1)
  end
end
for _, container in ipairs(call('ZRANGEBYSCORE', SHARED .. 'containers', '-inf', NOW_MS - CONTAINER_KEPT_MS, 'LIMIT', 0, limit)) do
  if call('EXISTS', SHARED .. 'container:' .. container) == 0 then call('ZREM', SHARED .. 'containers', container) end
end
return finish({ #expired, promoted })
