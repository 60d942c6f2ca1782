-- Add a sample of the queue to its history, which has slots of a minute, of five minutes and of an hour.
--
-- A slot is a JSON list: its begin (s), maximum of ready items, maximum of containers, spent (millionths of a dollar), done in it,
-- dead letters, and of these how many by reason. The newest slot takes the place of one that is too old.
--
-- Keys     rollup:<resolution> (hash), control (hash), dispatcher (hash); in all structures counts (hash) and dead:reasons (hash)
-- ARGV[3]  the dispatcher's fencing number
-- ARGV[4]  containers that run (count)
-- ARGV[5]  spent since the last sample (millionths of a dollar)
-- ARGV[6]  a name of this sample: where its answer was lost and it is recorded again, its dollars are added once
-- ARGV[7…] resolution, seconds of a slot, slots that are kept; repeated
-- Output   1, or 0 when another dispatcher acts now
-- Uses     names, commands, clock, fence, reasons

local ROLLUP_TTL_S = 90 * 86400
--- Reasons that a slot names; there are at most 200 (lib/reasons.lua).
local NAMED_REASONS = 20
local READABLE_REASONS = 1000

if is_deposed(ARGV[3]) then return 0 end

local ready, done, dead, letters = 0, 0, 0, {}
for at = 2, #KEYS do
  local got = call('HMGET', KEYS[at] .. 'counts', 'ready', 'done', 'dead')
  ready, dead = ready + num(got[1]), dead + num(got[3])
  -- Since the last sample of this structure, whichever version took it: an older one does not see all of them. Kept in `control` as
  -- the number of items done until then.
  local sampled = 'sampled:' .. string.match(KEYS[at], '(%d+):$')
  local before = num(call('HGET', SHARED .. 'control', sampled))
  done = done + math.max(0, num(got[2]) - before)
  if before ~= num(got[2]) then call('HSET', SHARED .. 'control', sampled, num(got[2])) end
  local key = KEYS[at] .. 'dead:reasons'
  local fields = call('HLEN', key) <= READABLE_REASONS and call('HGETALL', key) or {}
  for i = 1, #fields, 2 do
    -- A foreign writer's may be no text, and would make a slot that cannot be read.
    local reason = name_of(fields[i])
    letters[reason] = (letters[reason] or 0) + num(fields[i + 1])
  end
end

--- The reasons with the most dead letters.
local function dead_by_reason()
  local found, kept = {}, {}
  for reason, n in pairs(letters) do found[#found + 1] = { reason, n } end
  table.sort(found, function(one, other) return one[2] > other[2] or (one[2] == other[2] and one[1] < other[1]) end)
  for i = 1, math.min(#found, NAMED_REASONS) do kept[found[i][1]] = found[i][2] end
  return kept
end

--- The slot that was kept at a place, if it is the one that begins at this time.
--- text  as it is kept
local function slot_of(text, begin_s)
  local is_json, slot = pcall(cjson.decode, text)
  if is_json and type(slot) == 'table' and slot[1] == begin_s then return slot end
  return { begin_s, 0, 0, 0, 0 }
end

local containers, spent, reasons = num(ARGV[4]), num(ARGV[5]), dead_by_reason()
if spent > 0 then
  if call('HGET', SHARED .. 'control', 'sample') == ARGV[6] then spent = 0 end
  call('HSET', SHARED .. 'control', 'sample', ARGV[6])
end
for at = 7, #ARGV, 3 do
  local seconds, kept = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local number = math.floor(NOW_MS / 1000 / seconds)
  local key, field = SHARED .. 'rollup:' .. ARGV[at], number % kept
  local text = call('HGET', key, field) or ''
  local slot = slot_of(text, number * seconds)
  slot = {
    slot[1], math.max(num(slot[2]), ready), math.max(num(slot[3]), containers), num(slot[4]) + spent, num(slot[5]) + done, dead,
    reasons,
  }
  local written = cjson.encode(slot)
  -- Most samples of an idle queue change nothing, and the append-only file keeps every write.
  if written ~= text then
    call('HSET', key, field, written)
    call('EXPIRE', key, ROLLUP_TTL_S)
  end
end
return 1
