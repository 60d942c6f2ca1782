-- Draining: a container that is marked gets no more leases, and learns so at its next beat.
--
-- Keys     drain:<container> (string)
-- Uses     names, commands

--- How long a container gets no leases after it was marked.
local DRAIN_TTL_S = 86400

local function mark_draining(container) call('SET', SHARED .. 'drain:' .. container, '1', 'EX', DRAIN_TTL_S) end
local function is_draining(container) return call('EXISTS', SHARED .. 'drain:' .. container) == 1 end
