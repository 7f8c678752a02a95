#!lua
-- Notes that an instance lives and counts those that do.
--
-- KEYS: the group's instances, by when they were last heard of.
-- ARGV: the instance, and after how many milliseconds of silence an instance is gone.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
