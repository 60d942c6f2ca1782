-- leased -> leased: give a container that has found nothing ready a second lease of items that take too long, which keep their first
-- holder. An attempt has one such lease at most. The first result ends both leases; a holder that ends its lease otherwise leaves the
-- item to the other one.
--
-- Keys     leases (zset), item:<job>/<item> (hash), held:<container> (set), rates (hash), control (hash), job:<id> (hash)
-- ARGV[3]  container id
-- ARGV[4]  how many items at most (count)
-- ARGV[5]  how long the lease lasts (ms)
-- ARGV[6]  a random word of the caller for this call alone, with which tokens begin. A call whose answer was lost is not repeated:
--          its leases end unused.
-- ARGV[7]  only items of a stage of which at most this share of the weight is left
-- ARGV[8]  only items that have taken so many times what their need's rate makes of their weight
-- ARGV[9]  and at least so long (ms)
-- ARGV[10] about how long no call looks at the leases after one has (ms)
-- ARGV[11…] the needs that the container serves
-- Output   as lease.lua; empty if the queue is paused, or the container drains
-- Uses     names, commands, clock, counters, events, leases, journals, draining, stages

local container, wanted, deadline_ms = ARGV[3], tonumber(ARGV[4]), NOW_MS + tonumber(ARGV[5])
--- Leases that one call looks at: those that end soonest, so that those of frozen containers come first.
local LOOK_LIMIT = 1000
local share, times, least_ms, pause_ms = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

--- True if it is time to look at the leases; then no other call does for a while. Its length is drawn, so that containers that ask at
--- the same pace take turns.
local function may_look()
  local field = 'looked:' .. string.match(P, '(%d+):$')
  local ahead_ms = num(call('HGET', SHARED .. 'control', field)) - NOW_MS
  -- Further ahead than any of ours: the server's clock went back.
  if ahead_ms > 0 and ahead_ms <= 2 * pause_ms then return false end
  call('HSET', SHARED .. 'control', field, NOW_MS + math.floor(pause_ms / 2) + time[2] % math.max(1, pause_ms))
  return true
end

--- Need -> time that a unit of weight takes; false for one that is not served, or whose rate is not known.
local pace = {}
for i = 11, #ARGV do
  local got = call('HMGET', SHARED .. 'rates', ARGV[i] .. ':busy_ms', ARGV[i] .. ':weight_ms')
  pace[ARGV[i]] = num(got[2]) > 0 and num(got[1]) / num(got[2])
end

--- Job id -> leases seen, and their weight (ms).
local seen, weights = {}, {}

--- List the leased items that take too long, and have one holder, which is another container: id, item, attempt.
local function late_items()
  local found = {}
  for _, member in ipairs(call('ZRANGE', P .. 'leases', 0, LOOK_LIMIT - 1)) do
    local id, item = split_member(member)
    local got = id and call('HMGET', P .. 'item:' .. member, 'weight_ms', 'container', 'attempt', 'begun_ms', 'need', 'spare') or {}
    local weight_ms = num(got[1])
    if id then seen[id], weights[id] = (seen[id] or 0) + 1, (weights[id] or 0) + weight_ms end
    local each_ms = got[4] and not got[6] and got[2] ~= container and pace[got[5]]
    if each_ms and NOW_MS - num(got[4]) >= math.max(least_ms, times * each_ms * weight_ms) then
      found[#found + 1] = { id = id, item = item, attempt = math.max(1, num(got[3])) }
    end
  end
  return found
end

--- True if little is left of the stage that is open, and the job is not paused, nor its lane. Where not all leases of the job were seen, or items wait for a retry, that is
--- not known, and false.
local function is_nearly_done(id)
  local job, total_ms = job_of(id), 0
  if job.state ~= 'active' or job.pause or is_paused(job.lane) then return false end
  if job.delayed > 0 or seen[id] ~= job.leased then return false end
  for _, list in ipairs(stage_lists(id, num(call('HGET', job_key(id), 'stage')))) do total_ms = total_ms + list.weight_ms end
  return total_ms > 0 and job.ready_weight_ms + weights[id] <= share * total_ms
end

local out = { deadline_ms }
if is_paused() or is_draining(container) or not may_look() then return finish({}) end
for n, late in ipairs(late_items()) do
  local member, token = late.id .. '/' .. late.item, ARGV[6] .. '-' .. n
  local got = #out < 1 + 7 * wanted and is_nearly_done(late.id) and call('HMGET', P .. 'item:' .. member, 'body', 'noted')
  if got and got[1] then
    write_spare(member, { token = token, deadline_ms = deadline_ms, begun = '0', container = container })
    call('SADD', P .. 'held:' .. container, member)
    call('EXPIRE', P .. 'held:' .. container, HELD_TTL_S)
    event(late.id, 'spare', 'item_id', late.item, 'token', token, 'attempt', late.attempt, 'container', container)
    local notes = got[2] and notes_of(member)
    for _, field in ipairs({ late.id, late.item, token, late.attempt, 0, got[1], notes or false }) do out[#out + 1] = field end
  end
end
return finish(out[2] and out or {})
