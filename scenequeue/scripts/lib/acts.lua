-- The audit log: what operators have done. The step that carries out an act also logs it.
--
-- Keys     audit (stream), limits (hash)
-- Uses     names, commands

--- About how many entries are kept: Redis removes them in blocks.
local ACTS_KEPT = 10000
--- The log expires a year after the last act.
local ACTS_TTL_S = 31536000
--- A step looks for the entry of the step before among so many of the newest; other operators may act in between.
local RECENT_ACTS = 20

--- Raise an error for a Redis user who may not write to the audit log. Called first in a step, so that nothing is changed.
---
--- Redis checks a user's permissions when a script uses a key, not before it runs.
local function require_actor() call('EXISTS', SHARED .. 'audit') end

--- Raise an error for every Redis user but operators: all other roles lack one of these keys.
local function require_operator() call('EXISTS', SHARED .. 'audit', SHARED .. 'limits') end

--- Log an act.
--- by       name of the operator; nil or '' for a program, whose acts are not logged
--- why      the reason that the operator gives; nil or '' for none
--- act      a word, such as 'cancel'
--- about    name=value, separated by spaces: job, item, container, limit, key, or a filter; '' for the whole queue
--- amount   how many items or containers it concerned (count)
--- ...      further name, value; repeated
local function record_act(by, why, act, about, amount, ...)
  if not by or by == '' then return end
  local key = SHARED .. 'audit'
  call('XADD', key, 'MAXLEN', '~', ACTS_KEPT, '*', 'by', by, 'act', act, 'about', about, 'amount', amount, 'why', why or '', ...)
  call('EXPIRE', key, ACTS_TTL_S)
end

--- Log one step of an act that takes several: its entry replaces that of the step before, with the amounts of both.
--- by, why, act, about, amount  see record_act
--- word  identifies the act; random. '' where the act takes this one step
local function record_part(by, why, act, about, amount, word)
  if word == '' then return record_act(by, why, act, about, amount) end
  local key = SHARED .. 'audit'
  for _, entry in ipairs(by ~= '' and call('XREVRANGE', key, '+', '-', 'COUNT', RECENT_ACTS) or {}) do
    -- As record_act() has written it.
    if entry[2][11] == 'word' and entry[2][12] == word then
      amount = amount + num(entry[2][8])
      call('XDEL', key, entry[1])
    end
  end
  record_act(by, why, act, about, amount, 'word', word)
end
