-- Give the dispatcher's lock up, if it is ours.
--
-- ARGV[3]  who gives it up

if redis.call('HGET', P .. 'dispatcher', 'owner') == ARGV[3] then return redis.call('DEL', P .. 'dispatcher') end
return 0
