-- The history of an item: the errors of its attempts so far.
--
-- Keys     job:<id>:history (hash)
-- Uses     names, commands, clock

local function escape(byte) return string.format('\\x%02x', string.byte(byte)) end

--- A text as valid UTF-8: unchanged if it is valid, else with every byte above 127 as an escape such as \xff.
local function readable(text)
  if not string.find(text, '[\128-\255]') then return text end
  local rest = text
  -- All well-formed sequences of several bytes (The Unicode Standard, table 3-7). A byte that is left after them is invalid.
  for _, sequence in ipairs({
    '\240[\144-\191][\128-\191][\128-\191]', '[\241-\243][\128-\191][\128-\191][\128-\191]', '\244[\128-\143][\128-\191][\128-\191]',
    '\224[\160-\191][\128-\191]', '[\225-\236\238\239][\128-\191][\128-\191]', '\237[\128-\159][\128-\191]',
    '[\194-\223][\128-\191]',
  }) do
    rest = string.gsub(rest, sequence, ' ')
  end
  if not string.find(rest, '[\128-\255]') then return text end
  return (string.gsub(text, '[\128-\255]', escape))
end

--- The errors of an item so far, as JSON text and as a list; nil if there are none, or if they cannot be read.
local function history_of(text)
  if not text or not string.find(text, '^%[.*%]$') or readable(text) ~= text then return nil end
  local is_json, list = pcall(cjson.decode, text)
  if not is_json or type(list) ~= 'table' or type(list[#list]) ~= 'table' then return nil end
  return text, list
end

--- The end of the JSON string that begins at a position; nil if it has none.
local function string_end(text, begin)
  local at = begin + 1
  while true do
    at = string.find(text, '["\\]', at)
    if not at or string.byte(text, at) == 34 then return at end
    -- A backslash: the next character is part of the string.
    at = at + 2
  end
end

--- Split a dead letter before its item: all that precedes it, and the item as JSON; nil if it contains none.
local function split_letter(letter)
  local mark = ',"item":'
  local first, last = string.find(letter, mark, 1, true)
  -- A parameter of a reason, and a field of the payload, can have this name too: the letter's own is the one before which every
  -- bracket but the letter's is closed, found in one pass, as a foreign letter may have thousands. The only one needs no proof.
  if first and string.find(letter, mark, last + 1, true) then
    local at, depth = 0, 0
    repeat
      at = string.find(letter, '["%[%]{}]', at + 1)
      local found = at and string.sub(letter, at, at)
      if found == '"' then
        if depth == 1 and string.sub(letter, at - 1, at + #mark - 2) == mark then break end
        at = string_end(letter, at)
      elseif found then
        depth = depth + ((found == '{' or found == '[') and 1 or -1)
      end
    until not at
    first, last = at and at - 1, at and at + #mark - 2
  end
  if first then return string.sub(letter, 1, first - 1), string.sub(letter, last + 1, -2) end
end

--- The number of the attempt that follows a history, from 1.
--- text  the history as JSON; nil or false if there is none
local function attempt_after(text)
  if not text then return 1 end
  local _, list = history_of(text)
  return list and #list + 1 or 1
end

--- Build the failure of an attempt.
--- kind    error class, such as 'BadInput'
--- reason  JSON: {"code":…,"parameters":…}
--- short   the same, shortened for events; nil is the whole reason
local function failure(kind, reason, short) return { error = kind, reason = reason, short = short or reason } end

--- Build a failure that a step itself has found.
--- code  of scenequeue/reasons/codes.py, without parameters
local function own_failure(kind, code) return failure(kind, '{"code":"' .. code .. '","parameters":{}}') end

--- A table as a JSON object, with the failure's `code` and `parameters` as further fields.
local function with_reason(fields, why) return string.sub(cjson.encode(fields), 1, -2) .. ',' .. string.sub(why.reason, 2) end

--- Append the failure of an attempt to the item's history, and return the history as JSON.
--- why  from failure()
local function append_history(id, item, attempt, why, container)
  local record = with_reason({ attempt = attempt, error = why.error, container = readable(container or ''), at_ms = NOW_MS }, why)
  local key = job_key(id, 'history')
  local history = history_of(call('HGET', key, item))
  history = history and (string.sub(history, 1, -2) .. ',' .. record .. ']') or ('[' .. record .. ']')
  call('HSET', key, item, history)
  return history
end
