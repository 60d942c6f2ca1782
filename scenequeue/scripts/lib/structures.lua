-- Structures: a step that looks at several of them goes from one to the next. Each has keys of its own, and so jobs and counters.
--
-- Keys      KEYS[3…] are the prefixes of older structures, newest first, where there are any
-- Uses      names, counters

--- The state of each structure that this step has looked at, by the place of its prefix in KEYS; nil while it has looked at the
--- newest one alone.
local looked_at, place_in_use = nil, 2

--- Switch to one structure.
--- at  the place of its prefix in KEYS
local function use_structure(at)
  if at == place_in_use then return end
  looked_at = looked_at or { [2] = { jobs, counts, stale_bells } }
  place_in_use, P = at, KEYS[at]
  looked_at[at] = looked_at[at] or { {}, {}, {} }
  jobs, counts, stale_bells = unpack(looked_at[at])
end

--- Write what has changed in each structure, and return the step's answer.
local function finish_all(answer)
  if not looked_at then return finish(answer) end
  for at = 2, #KEYS do
    if looked_at[at] then
      use_structure(at)
      finish()
    end
  end
  return answer
end
