-- Give the dispatcher's lock up, if it is ours.
--
-- ARGV[3]  who gives it up

if call('HGET', P .. 'dispatcher', 'owner') == ARGV[3] then return call('DEL', P .. 'dispatcher') end
return 0
