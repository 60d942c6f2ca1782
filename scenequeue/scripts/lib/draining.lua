-- Draining: a container that is marked gets no more leases, and learns so at its next beat.
--
-- Keys     drain:<container> (string; the operator who asked for it, '' for a program)
-- Uses     names, commands

--- Seconds for which a container gets no leases after it was marked: as long as its record is kept (CONTAINER_TTL_S). A drain
--- ends long before.
local DRAIN_TTL_S = 86400

local function is_draining(container) return call('EXISTS', SHARED .. 'drain:' .. container) == 1 end

--- Mark a container; a mark that is there already keeps the name of who asked first.
--- by  name of the operator; nil or '' for a program
local function mark_draining(container, by)
  local key = SHARED .. 'drain:' .. container
  if is_draining(container) then call('EXPIRE', key, DRAIN_TTL_S) else call('SET', key, by or '', 'EX', DRAIN_TTL_S) end
end
