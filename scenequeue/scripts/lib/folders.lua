-- Working folders of jobs, which the dispatcher removes after the jobs have ended.
--
-- Keys     jobs:folders (zset)
-- Uses     names, commands, clock

--- So often the folder of a job that has not ended is looked at (ms), because a job whose keys are lost never ends.
local FOLDER_LOOK_MS = 3600000

--- Let the dispatcher look at a job's working folder after a pause, and not before.
--- address  of the folder; nil, false or '' for a job that has none
local function look_at_folder(id, address, pause_ms)
  if address and address ~= '' then call('ZADD', P .. 'jobs:folders', NOW_MS + pause_ms, id .. ' ' .. address) end
end
