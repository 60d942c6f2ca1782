-- Keep the last lines of a container's log, newest first, each as "<run>-<number> <line>".
--
-- Told again after an answer that was lost, the same lines are kept once. A container that begins anew under its id is
-- another run, whose numbers begin at 1.
--
-- Keys     container:<id>:log (list)
-- ARGV[3]  container id
-- ARGV[4]  how long they are kept without news of the container (s)
-- ARGV[5]  how many lines are kept (count)
-- ARGV[6]  run: a word of letters and digits
-- ARGV[7]  number of the first line
-- ARGV[8…] lines, oldest first
-- Output   1
-- Uses     names, commands

local key = SHARED .. 'container:' .. ARGV[3] .. ':log'
-- First, so that a user without permission is refused before anything changes.
call('LTRIM', key, 0, num(ARGV[5]) - 1)
local newest = call('LRANGE', key, 0, 0)[1] or ''
local run, last = string.match(newest, '^(%w+)%-(%d+) ')
local first = num(ARGV[7])
local known = run == ARGV[6] and math.max(0, num(last) - first + 1) or 0
for at = 8 + known, #ARGV do
  call('LPUSH', key, ARGV[6] .. '-' .. first + at - 8 .. ' ' .. ARGV[at])
end
call('LTRIM', key, 0, num(ARGV[5]) - 1)
call('EXPIRE', key, ARGV[4])
return 1
