-- The dispatcher's decisions, newest last: launches, and the reasons for none where they change.
--
-- Keys     decisions (stream)
-- Uses     names, commands

--- About how many decisions are kept: Redis removes them in blocks.
local DECISIONS_KEPT = 1000
--- They expire 90 days after the last.
local DECISIONS_TTL_S = 7776000
--- The mark of every launch; see mark_of() in dispatcher/decisions/marks.py.
local LAUNCH_MARK = 'launch'

--- The newest decision: its mark and its JSON; nil, nil if there is none, or another program has written it.
local function newest_decision()
  local newest = call('XREVRANGE', SHARED .. 'decisions', '+', '-', 'COUNT', 1)[1]
  local fields = {}
  for i = 1, newest and #newest[2] or 0, 2 do fields[newest[2][i]] = newest[2][i + 1] end
  return fields.mark, fields.decision
end

local function add_decision(mark, decision)
  local key = SHARED .. 'decisions'
  call('XADD', key, 'MAXLEN', '~', DECISIONS_KEPT, '*', 'mark', mark, 'decision', decision)
  call('EXPIRE', key, DECISIONS_TTL_S)
end

--- Record the decision to launch containers, once: a step whose answer was lost is run again.
--- decision  JSON with the containers' ids
local function record_launch(decision)
  local _, newest = newest_decision()
  if newest ~= decision then add_decision(LAUNCH_MARK, decision) end
end

--- Record a decision that launches nothing, unless the newest one has the same mark.
--- mark      of the decision
--- decision  JSON
local function record_standstill(mark, decision)
  if newest_decision() ~= mark then add_decision(mark, decision) end
end
