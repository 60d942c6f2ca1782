-- Add elements to a staging list that has grown so far; the same once more, after a lost answer, adds nothing.
--
-- Keys     staging:<nonce>:<n>:<need> (list)
-- ARGV[3]  nonce of the staging lists
-- ARGV[4]  stage
-- ARGV[5]  need of the elements
-- ARGV[6]  how many elements there are before (count)
-- ARGV[7]  how long the list is kept without more (s)
-- ARGV[8…] elements
-- Output   how many elements there are now
-- Uses     names, commands

local key = P .. 'staging:' .. ARGV[3] .. ':' .. ARGV[4] .. ':' .. ARGV[5]
local length = call('LLEN', key)
if length == tonumber(ARGV[6]) then length = call_with('RPUSH', key, ARGV, 8) end
call('EXPIRE', key, ARGV[7])
return length
