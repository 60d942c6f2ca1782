-- The fencing number of the dispatcher that acts. One that was replaced without knowing it has an older number, so its calls are
-- refused.
--
-- Keys     dispatcher (hash), fence (string)
-- Uses     names, commands

--- True for the number of a dispatcher that was replaced; false for '', which callers pass that are no dispatcher.
local function is_deposed(fence)
  if fence == '' then return false end
  -- Operators may read who acts, but no user except the dispatcher's may use this key, so all others are refused here.
  call('EXISTS', SHARED .. 'fence')
  return call('HGET', SHARED .. 'dispatcher', 'fence') ~= fence
end
