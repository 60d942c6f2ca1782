-- Count the ready items, lane by lane and need by need. Changes nothing.
--
-- Keys     counts (hash), needs (set), since:<lane>:<need> (zset)
-- ARGV[3]  the lanes (names with spaces between them)
-- Output   lane, need, ready items (count), their weight (thousandths), age of the job that has waited longest (ms); repeated,
--          where there are ready items
-- Uses     names, commands, clock

local found = {}
for _, need in ipairs(members_of(P .. 'needs')) do
  for lane in string.gmatch(ARGV[3], '%S+') do
    local place = lane .. ':' .. need
    local got = call('HMGET', P .. 'counts', 'ready:' .. place, 'weight:' .. place)
    if num(got[1]) > 0 then
      local oldest = call('ZRANGE', P .. 'since:' .. place, 0, 0, 'WITHSCORES')
      for _, each in ipairs({ lane, need, num(got[1]), num(got[2]), oldest[2] and math.max(0, NOW_MS - num(oldest[2])) or 0 }) do
        found[#found + 1] = each
      end
    end
  end
end
return found
