-- Stop giving out leases, of everything or of one lane, or go on, and make the bells agree. A pause that is there already is kept.
--
-- Keys     control (hash), needs (set)
-- ARGV[3]  1 to pause, 0 to resume
-- ARGV[4]  the lane, or '' for everything
-- ARGV[5]  when resuming: end only the pause that began at this time (ms); '' for any
-- ARGV[6]  name of the operator, for the pause and the audit log; '' for a program
-- ARGV[7]  the reason that the operator gives, likewise; '' for none
-- Output   1, or 0 when nothing was to be changed
-- Uses     names, commands, counters, acts, pause_words

require_operator()
local lane, is_changed = ARGV[4], false
local field = lane == '' and 'paused' or 'paused:' .. lane
local known = pause_in_force(lane)
if ARGV[3] == '1' and not known then
  call('HSET', SHARED .. 'control', field, pause_words(ARGV[6], ARGV[7]))
  is_changed = true
elseif ARGV[3] == '0' and known and is_of_time(known, ARGV[5]) then
  call('HDEL', SHARED .. 'control', field)
  is_changed = true
end
if is_changed then
  record_act(ARGV[6], ARGV[7], ARGV[3] == '1' and 'pause' or 'resume', lane == '' and '' or 'lane=' .. lane, 0)
  pauses = nil
end
for _, need in ipairs(members_of(P .. 'needs')) do check_bell(need) end
return finish(is_changed and 1 or 0)
