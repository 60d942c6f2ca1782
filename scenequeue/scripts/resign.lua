-- Give the dispatcher's lock up, if it is ours.
--
-- Keys     dispatcher (hash), fence (string)
-- ARGV[3]  owner that gives it up
-- Output   1, or 0 when it was another's
-- Uses     names, commands

-- No user but the dispatcher's may use this key; operators may read who acts.
call('EXISTS', SHARED .. 'fence')
if call('HGET', SHARED .. 'dispatcher', 'owner') == ARGV[3] then return call('DEL', SHARED .. 'dispatcher') end
return 0
