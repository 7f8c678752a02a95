#!lua
-- The Org's generation, a new one when it has none that counts here, or when ARGV[1] is 'bump'. Generations come from the
-- server's clock in microseconds, so that a server that lost its memory does not repeat one. They never expire: a missing
-- one is harmless, but every Org that lacks one reloads its credentials.
--
-- KEYS: the Org's generation.

local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or '0'
local last, written = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+):(%x+)$')
if ARGV[1] ~= 'bump' and written == history then
  return tonumber(last)
end
local time = redis.call('TIME')
local fresh = math.max(time[1] * 1000000 + time[2], (tonumber(last) or 0) + 1)
redis.call('SET', KEYS[1], string.format('%.0f:%s', fresh, history))
return fresh
