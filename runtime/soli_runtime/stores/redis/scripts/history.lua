-- The past of rooms (stores/redis/history.py). All of it is of one life, the last that began.
--
-- KEYS: life, floors, room
-- life: epoch, place, ended, run. floors: room -> floor. room:NAME: messages by place.
local LIFE, FLOORS, ROOM = KEYS[1], KEYS[2], KEYS[3]
local verb = ARGV[1]

local function list_of(room)
  return ROOM .. ':' .. room
end

-- Which start of Redis this is: another one may have lost the end of what was written.
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
end

local function is_ours()
  return redis.call('HGET', LIFE, 'epoch') == ARGV[2]
end

-- Whether rooms are missing that were there: Redis may drop keys to make room.
local function is_whole()
  local count = 0
  for _, room in ipairs(redis.call('HKEYS', FLOORS)) do
    count = count + redis.call('ZCARD', list_of(room))
  end
  return redis.call('HLEN', FLOORS) .. ' ' .. count
end

if verb == 'begin' then
  local place = redis.call('HGET', LIFE, 'place') or '0'
  local ended = redis.call('HGET', LIFE, 'ended') or ''
  local is_same = redis.call('HGET', LIFE, 'run') == run_id()
  if not is_same or redis.call('HGET', LIFE, 'whole') ~= is_whole() then ended = '' end
  redis.call('HSET', LIFE, 'epoch', ARGV[2], 'place', place, 'run', run_id())
  redis.call('HDEL', LIFE, 'ended', 'whole')
  return {place, ended}
end

if verb == 'rooms' then return redis.call('HKEYS', FLOORS) end

if verb == 'recall' then
  local found = {}
  for index = 2, #ARGV do
    local floor = redis.call('HGET', FLOORS, ARGV[index]) or '0'
    local messages = redis.call('ZRANGE', list_of(ARGV[index]), 0, -1)
    found[#found + 1] = {floor, unpack(messages)}
  end
  return found
end

if redis.call('EXISTS', LIFE) == 0 then return -1 end
if not is_ours() then return 0 end

if verb == 'save' then
  redis.call('HSET', LIFE, 'place', ARGV[3])
  local at = 4
  while at <= #ARGV do
    local room, floor, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    if floor == '' then
      redis.call('HDEL', FLOORS, room)
      redis.call('DEL', list_of(room))
    else
      redis.call('HSET', FLOORS, room, floor)
      redis.call('ZREMRANGEBYSCORE', list_of(room), '-inf', floor)
      for index = at + 3, at + 2 + count do
        redis.call('ZADD', list_of(room), string.match(ARGV[index], '^%d+'), ARGV[index])
      end
    end
    at = at + 3 + count
  end
  return 1
end

if verb == 'finish' then
  if redis.call('HGET', LIFE, 'run') ~= run_id() then return 0 end
  redis.call('HSET', LIFE, 'place', ARGV[3], 'ended', ARGV[4], 'whole', is_whole())
  return 1
end
