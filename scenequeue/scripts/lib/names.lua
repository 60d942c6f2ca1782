-- Names of keys, and the ids in them. structure/keys.py lists every key, its type and its meaning.
--
-- KEYS[1]  prefix "{namespace}:" of the keys that all structures share, such as containers and dispatcher
-- KEYS[2]  prefix "{namespace}:2:" of the keys of the newest structure
-- KEYS[3…] prefixes of the older structures that the program serves too, newest first; only for steps whose header says so
--
-- An element of a list of items is "<item id> <weight> <item json>". The weight is in thousandths of the kind's unit: in ms where
-- the unit is a second, so names end in "_ms". A member of the sorted sets is "<job id>/<item id>".

local SHARED, P = KEYS[1], KEYS[2]

--- Largest weight of one item (thousandths); 900,000 of these still add up exactly.
local MAX_WEIGHT_MS = 1e10
local LANES = { 'urgent', 'normal', 'bulk' }
local IS_LANE = { urgent = true, normal = true, bulk = true }
--- What is ready of paused jobs waits under this name in place of their lanes. No lease looks there, so none passes over it.
local PAUSED = 'paused'
--- All names that rings and counters of ready items have.
local RINGS = { 'urgent', 'normal', 'bulk', PAUSED }

--- The key of a job's hash, or of a part of the job such as 'results'.
local function job_key(job, part)
  if part then return P .. 'job:' .. job .. ':' .. part end
  return P .. 'job:' .. job
end

--- True for a well-formed need: "<kind>/<version>", and "+<tag>" for each tag.
local function is_need(text) return #text <= 64 and string.find(text, '^[%w._-]+/[%w._+-]+$') ~= nil end

--- The job id and the item id in a member; nil if it is malformed.
local function split_member(member)
  return string.match(member, '^(%w[%w._-]*)/([%w._-]+)$')
end

--- True for a well-formed job id.
local function is_job_id(job) return string.find(job, '^%w[%w._-]*$') ~= nil end
