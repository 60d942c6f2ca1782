-- The audit log: acts of operators, each written down by the step that carries it out.
--
-- Keys     audit (stream), limits (hash)
-- Uses     names, commands

--- Entries that are kept, about.
local ACTS_KEPT = 10000
--- A year; each act keeps the log for another one.
local ACTS_TTL_S = 31536000

--- Refuse the step, before it changes anything, to a user who may not write to the audit log.
local function require_actor() call('EXISTS', SHARED .. 'audit') end

--- The same, to all but operators: every other role lacks one of these keys.
local function require_operator() call('EXISTS', SHARED .. 'audit', SHARED .. 'limits') end

--- by       name of the operator; nil or '' for a program, whose acts are not logged
--- about    job, item, container or setting; '' for the whole queue
--- amount   how many items or containers it was about
--- more     name, value; repeated
local function record_act(by, act, about, amount, ...)
  if not by or by == '' then return end
  local key = SHARED .. 'audit'
  call('XADD', key, 'MAXLEN', '~', ACTS_KEPT, '*', 'by', by, 'act', act, 'about', about, 'amount', amount, ...)
  call('EXPIRE', key, ACTS_TTL_S)
end
