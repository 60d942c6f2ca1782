-- Lets a step work on several structures of the queue, one after the other. Each structure has keys of its own, and therefore jobs
-- and counters of its own. A step that uses this part ends with `return finish_all(answer)`.
--
-- Keys      KEYS[3…] are the prefixes of older structures, newest first, where there are any
-- Uses      names, counters

--- Place of a structure's prefix in KEYS -> its jobs, counts and stale_bells; nil as long as only the newest one was used.
local looked_at, place_in_use = nil, 2

--- Switch to one structure: from here on keys, jobs and counters are its.
--- at  the place of its prefix in KEYS
local function use_structure(at)
  if at == place_in_use then return end
  looked_at = looked_at or { [2] = { jobs, counts, stale_bells } }
  place_in_use, P = at, KEYS[at]
  looked_at[at] = looked_at[at] or { {}, {}, {} }
  jobs, counts, stale_bells = unpack(looked_at[at])
end

--- Write all changes in each structure, and return the step's answer.
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
