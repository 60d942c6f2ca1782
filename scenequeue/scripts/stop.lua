-- Mark a container to be stopped by the acting dispatcher, whatever it works on; from now on it gets no more leases.
--
-- Keys     container:<id> (hash), those of draining and acts
-- ARGV[3]  container id
-- ARGV[4]  name of the operator, for the container and the audit log; '' for a program
-- ARGV[5]  why
-- Output   1, or 0 when there is no such container, or it has ended (nothing is changed)
-- Uses     names, commands, clock, draining, acts

require_operator()
local container = ARGV[3]
local key = SHARED .. 'container:' .. container
local got = call('HMGET', key, 'state', 'stop_ms')
if not got[1] or got[1] == 'gone' or got[1] == 'failed' then return 0 end
mark_draining(container, ARGV[4])
-- A container that is marked already keeps the name of who asked first.
if num(got[2]) > 0 then return 1 end
record_act(ARGV[4], ARGV[5], 'stop', 'container=' .. container, 1)
call('HSET', key, 'stop_ms', NOW_MS, 'stop_by', ARGV[4], 'stop_why', ARGV[5])
return 1
