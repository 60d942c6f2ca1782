-- Changes many dead letters in one step, job by job.
--
-- Keys     dead (zset)
-- ARGV[3]  name of the operator, for the audit log; '' for a program
-- ARGV[4]  the reason that the operator gives, for the audit log; '' for none
-- ARGV[5]  the filter that the letters were found by, for the audit log
-- ARGV[6]  a random word that all steps of the act share
-- ARGV[7…] job id, how many items (count), their ids; repeated
-- Uses     names, commands, reasons, acts

--- Call `change` for each job, take the letters that it has removed out of the indexes, and log the act; returns their number.
--- act     its name in the audit log
--- change  function(job id, list of item ids) that returns the list of items whose letters it has removed
local function change_letters(act, change)
  require_operator()
  local at, gone = 7, {}
  while at < #ARGV do
    local id, n = ARGV[at], num(ARGV[at + 1])
    for _, item in ipairs(change(id, { unpack(ARGV, at + 2, at + 1 + n) })) do gone[#gone + 1] = id .. '/' .. item end
    at = at + 2 + n
  end
  if gone[1] then
    call('ZREM', P .. 'dead', unpack(gone))
    leave_reasons(gone)
    record_part(ARGV[3], ARGV[4], act, ARGV[5], #gone, ARGV[6])
  end
  return #gone
end
