-- Writes and reads a pause: {"by", "why", "since_ms"}; one of an older version is its time (ms) alone.
--
-- Uses     commands, clock

--- A pause that begins now.
local function pause_words(by, why)
  return '{"by":' .. cjson.encode(by) .. ',"why":' .. cjson.encode(why) .. ',"since_ms":' .. NOW_MS .. '}'
end

--- True if a pause began at this time, or if none is asked for.
--- since_ms  as text; '' for any
local function is_of_time(pause, since_ms)
  if since_ms == '' then return true end
  local is_json, known = pcall(cjson.decode, pause)
  return is_json and num(type(known) == 'table' and known.since_ms or known) == num(since_ms)
end
