-- The fencing number of the dispatcher that acts. One that was replaced without knowing it has an older number, so its calls are
-- refused.
--
-- Keys     dispatcher (hash)
-- Uses     names, commands

--- True for the number of a dispatcher that was replaced; false for '', which callers pass that are no dispatcher.
local function is_deposed(fence)
  return fence ~= '' and call('HGET', SHARED .. 'dispatcher', 'fence') ~= fence
end
