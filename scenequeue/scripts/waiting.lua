-- Count the ready items, lane by lane and need by need, without those of paused lanes and jobs. Changes nothing.
--
-- Keys     counts (hash), needs (set), since:<lane>:<need> (zset), control (hash)
-- ARGV[3]  the lanes (names with spaces between them)
-- Output   lane, need, ready items (count), their weight (thousandths), age of the job that has waited longest (ms); repeated,
--          where there are ready items. While everything is paused, all lanes that are not, with age 0
-- Uses     names, commands, clock, counters

local found = {}
for _, need in ipairs(members_of(P .. 'needs')) do
  for lane in string.gmatch(ARGV[3], '%S+') do
    local place = lane .. ':' .. need
    local got = call('HMGET', P .. 'counts', 'ready:' .. place, 'weight:' .. place)
    if num(got[1]) > 0 and not pause_in_force(lane) then
      local oldest = pause_in_force() and {} or call('ZRANGE', P .. 'since:' .. place, 0, 0, 'WITHSCORES')
      for _, each in ipairs({ lane, need, num(got[1]), num(got[2]), oldest[2] and math.max(0, NOW_MS - num(oldest[2])) or 0 }) do
        found[#found + 1] = each
      end
    end
  end
end
return finish(found)
