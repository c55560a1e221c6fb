-- The attempts under one key, a sorted set of their times. KEYS[1]: the set.
-- ARGV: the limit ('' to count nothing), the window in seconds, a name for the new attempt.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local limit, window = ARGV[1], tonumber(ARGV[2])
local start = string.format('(%.6f', now - window)
local count = redis.call('ZCOUNT', KEYS[1], start, '+inf')
local wait = 0
if count > 0 then
  local first = redis.call('ZRANGEBYSCORE', KEYS[1], start, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  wait = first[2] + window - now
end
local counted = 0
if limit ~= '' and count < tonumber(limit) then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now - window))
  redis.call('ZADD', KEYS[1], string.format('%.6f', now), ARGV[3])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(window * 1000) + 1000))
  counted = 1
end
return { counted, count, string.format('%.6f', wait) }
