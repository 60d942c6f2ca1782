-- leased -> ready: hand items back, at the front of their job, the attempt not counted; dead when one container after the
-- other has found that it is not set up for an item. One that another container holds too stays leased to that one.
--
-- Keys     item:<job>/<item> (hash), leases (zset)
-- ARGV[3]  container id
-- ARGV[4]  the reason that the container is not set up for these items, as JSON of a code and parameters; '' when nothing is wrong with it
-- ARGV[5]  the same in short, for events
-- ARGV[6…] job id, item id, token; repeated
-- Output   positions (from 1) of those refused: the lease is not this container's
-- Uses     names, commands, counters, events, lanes, leases, history, letters, losses, spares, stages

-- Who may end no lease is refused here, before anything is changed.
call('EXISTS', P .. 'leases')
local container, problem = ARGV[3], ARGV[4]
local why = failure('NotSetUp', problem, ARGV[5])
local refused, touched = {}, {}
-- Backwards, so that several items of a job keep their order when each is put in front.
for i = #ARGV - 2, 6, -3 do
  local job, item, token = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local member = job .. '/' .. item
  if not holds(container, member, token) then
    refused[#refused + 1] = (i - 6) / 3 + 1
  elseif job_of(job).state == 'active' and leave_to_other(member, container, problem ~= '' and why or nil) then
    -- Nothing has changed for its job.
  elseif problem ~= '' then
    -- The container is the cause, even if work had begun, so no attempt counts; see BLAMELESS_LOSSES for the limit.
    call('HDEL', P .. 'item:' .. member, 'begun')
    take_back(member, why, 'released')
    touched[job] = true
  else
    unlease(member, container)
    if job_of(job).state ~= 'active' then
      drop(job, item, 'leased')
    else
      local got = call('HMGET', P .. 'item:' .. member, 'weight_ms', 'body', 'need')
      local need = need_or_first(job, got[3])
      call('DEL', P .. 'item:' .. member)
      if got[2] then
        move(job, 'leased', 'ready', 1, need)
        make_ready(job, need, item, num(got[1]), got[2])
        event(job, 'released', 'item_id', item, 'token', token)
      else
        bury_missing(job, item, 'leased', need)
        touched[job] = true
      end
    end
  end
end
for job in pairs(touched) do finish_stage_if_done(job) end
return finish(refused)
