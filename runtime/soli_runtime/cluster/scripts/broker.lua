-- All that the nodes of one app do to their log, one command per call (docs/decisions/0045-*).
--
-- KEYS: epoch, last, log, sizes, weight, nodes, reads, numbers, beaten, seats, facts, spoken, and
-- those of kept.lua, which comes before this
-- ARGV: the command, then what it needs
--
-- Entries have ids 1-0, 2-0, ... without gaps, so that who reads notices what was dropped.
local EPOCH, LAST, LOG, SIZES, WEIGHT = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local NODES, READS, NUMBERS, BEATEN, SEATS = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local FACTS, SPOKEN = KEYS[11], KEYS[12]
local command = ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function drop_oldest(count)
  for _ = 1, count do
    local size = redis.call('LPOP', SIZES)
    if not size then break end
    redis.call('DECRBY', WEIGHT, size)
  end
  local first = tonumber(redis.call('GET', LAST) or '0') - redis.call('LLEN', SIZES) + 1
  redis.call('XTRIM', LOG, 'MINID', text(first) .. '-0')
end

local function append(fields)
  local size = 100
  for _, field in ipairs(fields) do size = size + #field end
  local id = redis.call('INCR', LAST)
  redis.call('XADD', LOG, text(id) .. '-0', unpack(fields))
  redis.call('RPUSH', SIZES, size)
  redis.call('INCRBY', WEIGHT, size)
  return id
end

local function tell(kind, node)
  append({'o', '', 'n', '0', 'h', cjson.encode({{kind, node}})})
end

local function finish(node)
  redis.call('ZREM', NODES, node)
  redis.call('HDEL', READS, node)
  redis.call('HDEL', NUMBERS, node)
  redis.call('HDEL', FACTS, node)
  tell('e', node)
end

-- Why *node* cannot go on as it is, if it cannot.
local function fault(node, epoch)
  if redis.call('GET', EPOCH) ~= epoch then return 'EPOCH' end
  if not redis.call('ZSCORE', NODES, node) then return 'LOST' end
end

if command == 'hello' then
  local node, lease, fresh, spoken = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
  local others_speak = redis.call('GET', SPOKEN) or spoken
  if others_speak ~= spoken and redis.call('ZCOUNT', NODES, text(now), '+inf') > 0 then
    return {'VERSION', others_speak}
  end
  redis.call('SET', SPOKEN, spoken)
  redis.call('SET', EPOCH, fresh, 'NX')
  local others = redis.call('ZRANGE', NODES, 0, -1)
  local last = redis.call('GET', LAST) or '0'
  redis.call('ZADD', NODES, text(now + lease), node)
  redis.call('HSET', READS, node, last)
  redis.call('HSET', NUMBERS, node, 0)
  tell('h', node)
  local run = life(tonumber(last))
  return {redis.call('GET', EPOCH), last, text(now), redis.call('INCR', SEATS), others, run}
end

if command == 'append' then
  local node, epoch, number, most = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
  local wrong = fault(node, epoch)
  if wrong then return wrong end
  local before = tonumber(redis.call('HGET', NUMBERS, node) or '-1')
  if number <= before then return 'OK' end
  if number ~= before + 1 then return 'LOST' end
  redis.call('HSET', NUMBERS, node, number)
  local first = 9 + tonumber(ARGV[8])
  local id = append({'o', node, 'n', ARGV[4], unpack(ARGV, first)})
  compare_rules(ARGV[6], id)
  if first > 9 then keep(id, now, 9, first - 1, ARGV[#ARGV], tonumber(ARGV[7])) end
  while tonumber(redis.call('GET', WEIGHT)) > most and redis.call('LLEN', SIZES) > 1 do
    drop_oldest(1)
  end
  return 'OK'
end

if command == 'beat' then
  local node, epoch, lease, read = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
  local wrong = fault(node, epoch)
  if wrong then return {wrong, '0', '0', '0'} end
  -- Nobody beat for long: it was Redis that stood still, and all get time to come back.
  if now - tonumber(redis.call('GET', BEATEN) or '0') > lease / 2 then
    for _, name in ipairs(redis.call('ZRANGE', NODES, 0, -1)) do
      redis.call('ZADD', NODES, text(now + lease), name)
    end
  end
  redis.call('SET', BEATEN, text(now))
  redis.call('ZADD', NODES, text(now + lease), node)
  redis.call('HSET', READS, node, text(read))
  if ARGV[6] then redis.call('HSET', FACTS, node, text(now) .. ' ' .. ARGV[6]) end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', NODES, '-inf', text(now))) do finish(name) end
  local least = read
  for _, other in ipairs(redis.call('HVALS', READS)) do least = math.min(least, tonumber(other)) end
  local last = tonumber(redis.call('GET', LAST) or '0')
  local first = last - redis.call('LLEN', SIZES) + 1
  if least >= first then drop_oldest(least - first + 1) end
  return {'OK', text(last), life(last)}
end

-- Rooms by name, as they are.
if command == 'recall' then
  local last, found = tonumber(redis.call('GET', LAST) or '0'), {}
  for index = 2, #ARGV do found[#found + 1] = recall(ARGV[index], last) end
  return found
end

-- What is known of all rooms, for one whose program keeps what *rules* say.
if command == 'known' then
  local last = tonumber(redis.call('GET', LAST) or '0')
  compare_rules(ARGV[2], last)
  count_rooms(last)
  return {
    redis.call('HGET', KEPT, 'doubt') or '0', redis.call('HGET', KEPT, 'forgotten') or '0',
  }
end

-- All nodes say how they are when they come to this entry of the log.
if command == 'ask' then
  -- Where nobody lives nobody would drop it from the log either.
  if redis.call('ZCOUNT', NODES, text(now), '+inf') > 0 then tell('s', '') end
  return {text(now), redis.call('GET', LAST) or '0'}
end

if command == 'standing' then
  return {
    text(now), redis.call('GET', LAST) or '0', redis.call('GET', WEIGHT) or '0',
    redis.call('ZRANGE', NODES, 0, -1, 'WITHSCORES'),
    redis.call('HGETALL', READS), redis.call('HGETALL', FACTS),
  }
end

if command == 'reap' then
  for _, name in ipairs(redis.call('ZRANGE', NODES, 0, -1)) do
    if string.sub(name, 1, #ARGV[2]) == ARGV[2] then finish(name) end
  end
  return 'OK'
end
