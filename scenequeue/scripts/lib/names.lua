-- Names of keys, and the ids in them.
--
-- KEYS[1]  the namespace's prefix, "{namespace}:", of the keys that all structures share: containers, dispatchers, drain, pause
-- KEYS[2]  the prefix of the keys of this structure, "{namespace}:2:"; keys.py lists every key, its type and its meaning
-- KEYS[3…] those of older structures that the program serves too, newest first; only of the steps that say so
--
-- A list element is "<item id> <weight> <item json>", the weight in thousandths of the kind's unit. A member of the sorted sets is
-- "<job id>/<item id>".

local SHARED, P = KEYS[1], KEYS[2]

--- Of one item; a million of these are still counted exactly.
local MOST_WEIGHT_MS = 1e10
local LANES = { 'urgent', 'normal', 'bulk' }
local IS_LANE = { urgent = true, normal = true, bulk = true }

local function job_key(job, part)
  if part then return P .. 'job:' .. job .. ':' .. part end
  return P .. 'job:' .. job
end

--- True for a well-formed need: a kind and its version, and tags.
local function is_need(text) return #text <= 64 and string.find(text, '^[%w._-]+/[%w._+-]+$') ~= nil end

--- Job and item; nil for a malformed member.
local function split_member(member)
  return string.match(member, '^(%w[%w._-]*)/([%w._-]+)$')
end

local function is_job_id(job) return string.find(job, '^%w[%w._-]*$') ~= nil end
