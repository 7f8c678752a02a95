#!lua
-- Is the generation current, and do all draws fit? Then they are made; otherwise nothing is.
--
-- KEYS: the Org's generation, then a bucket per draw.
-- ARGV: the generation asked about, then per draw its need, its room, its window in microseconds (0: token bucket), what the
-- bucket holds at least, and when it ends in unix microseconds (0: with the window, which is aligned to the clock).
-- Answers nothing when the generation is not current; otherwise the server's clock in unix microseconds, then each
-- bucket's level after the verdict, or -1 - level where the draw did not fit.

local held = redis.call('MGET', unpack(KEYS))

-- A generation counts only in the history of the data set that it was written in. A server that restarted from an older
-- snapshot, or a replica that was promoted before it had seen the last write, goes by a new replication id.
local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or '0'
if held[1] ~= ARGV[1] .. ':' .. history then
  return {}
end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer, taken, fits = {now}, {}, true

-- What a draw asks for.
local function asked(i)
  local arg = 5 * i - 8
  return tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2]), tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4])
end

-- What tells a window from those before it in the same bucket.
local function numbered(window, ends)
  return ends > 0 and ends or math.floor(now / window)
end

for i = 2, #KEYS do
  local need, room, window, floor, ends = asked(i)
  local level = 0
  if held[i] then
    if window > 0 then
      local count, number = string.match(held[i], '(%d+) (%d+)')
      if tonumber(number) == numbered(window, ends) then
        level = tonumber(count)
      end
    else
      -- Never emptier than empty: the clock may have gone back, or the policy may have shrunk.
      level = math.min(math.max(0, (tonumber(held[i]) or 0) - now), room)
    end
  end
  level = math.max(level, floor)
  local before = taken[KEYS[i]] or 0
  if need <= 0 or level + before + need <= room then
    taken[KEYS[i]] = before + need
    answer[i] = level
  else
    fits = false
    answer[i] = -1 - level
  end
end

if not fits then
  return answer
end

for i = 2, #KEYS do
  local _, _, window, floor, ends = asked(i)
  local need = taken[KEYS[i]]
  local level = math.max(floor, answer[i] + need) -- a draw that gives back never gives more than was taken
  answer[i] = level
  if need < 0 and level == 0 then
    redis.call('DEL', KEYS[i])
  elseif need ~= 0 then
    if window > 0 then
      local count = string.format('%.0f %.0f', level, numbered(window, ends))
      redis.call('SET', KEYS[i], count, 'PX', math.ceil(window / 500)) -- twice as long as it counts
    else
      redis.call('SET', KEYS[i], now + level, 'PX', math.ceil(level / 1000))
    end
  end
end
return answer
