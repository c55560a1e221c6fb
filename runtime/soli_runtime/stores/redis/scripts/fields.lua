-- Change a field of a hash from what was read to something else, unless it changed meanwhile.
-- KEYS[1]: the hash. ARGV: the field, what was read, the new text.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
