-- One HTTP session: KEYS[1] is its hash, KEYS[2] that of its new id, KEYS[3] where versions before
-- kept it. A field is "k" and the key; the field "m" keeps a session without keys alive.
-- ARGV: what to do, the milliseconds until it ends, then what the verb needs.
local verb, milliseconds = ARGV[1], ARGV[2]

if verb == 'create' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'm', '1', unpack(ARGV, 3))
  redis.call('PEXPIRE', KEYS[1], milliseconds)
  return 1
end

if redis.call('PEXPIRE', KEYS[1], milliseconds) == 0 then
  if redis.call('EXISTS', KEYS[3]) == 0 then
    return 0
  end
  redis.call('RENAME', KEYS[3], KEYS[1])
  redis.call('PEXPIRE', KEYS[1], milliseconds)
end
if verb == 'load' then
  return redis.call('HGETALL', KEYS[1])
elseif verb == 'put' then
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
elseif verb == 'drop' then
  redis.call('HDEL', KEYS[1], ARGV[3])
elseif verb == 'move' then
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return 1
