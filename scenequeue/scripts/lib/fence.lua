-- The fencing number, by which a dispatcher that was replaced is told from the one that acts.
--
-- Keys     dispatcher (hash)
-- Uses     names, commands

--- True for a stale number; '' is a caller that needs none.
local function is_deposed(fence)
  return fence ~= '' and call('HGET', SHARED .. 'dispatcher', 'fence') ~= fence
end
