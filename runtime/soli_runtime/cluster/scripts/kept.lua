-- What rooms keep (docs/decisions/0047-*): read before broker.lua, in the same script.
--
-- KEYS: … 13 kept, 14 ends, 15 floors, 16 bytes, 17 room
--
-- A message has its place in the log: 1024 times the entry's number, and which operation of it. A
-- room is a list of its messages, "PLACE AT KIND" and the payload, oldest first. Its floor is the
-- last place that it lost; who begins a list begins from `forgotten`, the highest place that was
-- lost with a whole room. `doubt` is above all floors: up to it nothing is known for sure.
local KEPT, ENDS, FLOORS, BYTES, ROOM = KEYS[13], KEYS[14], KEYS[15], KEYS[16], KEYS[17]
local MESSAGE_BYTES, ROOM_BYTES, MAX_ROOM_BYTES, LOOK_EVERY = 200, 1500, 1048576, 16

local function text(number)
  return string.format('%.0f', number)
end

local function place_of(entry, index)
  return 1024 * entry + index
end

local function list_of(room)
  return ROOM .. ':' .. room
end

-- Raise a place that is kept in a field; it never goes back.
local function raise(field, place)
  if place > tonumber(redis.call('HGET', KEPT, field) or '0') then
    redis.call('HSET', KEPT, field, text(place))
  end
end

local function forget_room(room)
  local place = tonumber(redis.call('HGET', FLOORS, room) or '0')
  local latest = redis.call('LINDEX', list_of(room), -1)
  if latest then place = math.max(place, tonumber(string.match(latest, '^%d+'))) end
  raise('forgotten', place)
  redis.call('HINCRBY', KEPT, 'total', -tonumber(redis.call('HGET', BYTES, room) or '0'))
  redis.call('DEL', list_of(room))
  redis.call('HDEL', FLOORS, room)
  redis.call('HDEL', BYTES, room)
  redis.call('ZREM', ENDS, room)
  redis.call('HINCRBY', KEPT, 'rooms', -1)
end

-- Drop what is too much, and if *looks* what is too old. The room's bytes then, and the last place
-- that was lost.
local function trim(list, length, messages, oldest_at, bytes, looks)
  local lost
  while length > 0 do
    if length <= messages and bytes - ROOM_BYTES <= MAX_ROOM_BYTES then
      local at = looks and string.match(redis.call('LINDEX', list, 0), '^%d+ (%d+) ')
      if not at or tonumber(at) > oldest_at then break end
    end
    local oldest = redis.call('LPOP', list)
    length, bytes = length - 1, bytes - #oldest - MESSAGE_BYTES
    lost = string.match(oldest, '^%d+')
  end
  return bytes, lost
end

-- Keep some messages of entry *id*. ARGV from *at* to *finish*: of each room its name, what its rule
-- says (messages, milliseconds) and how many follow; of each of those its operation, and where in
-- *payloads* it begins and ends. A negative end is the complement of one: the payload is binary.
local function keep(id, now, at, finish, payloads, most)
  local total, moment = 0, ' ' .. text(now) .. ' '
  while at <= finish do
    local room, messages, lasts = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local list, elements, added = list_of(room), {}, 0
    local last = at + 4 + 3 * tonumber(ARGV[at + 3])
    for index = at + 4, last - 1, 3 do
      local start, ends, kind = tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2]), 't'
      if ends < 0 then ends, kind = -ends - 1, 'b' end
      local place = text(place_of(id, tonumber(ARGV[index])))
      local element = place .. moment .. kind .. string.sub(payloads, start + 1, ends)
      elements[#elements + 1] = element
      added = added + #element + MESSAGE_BYTES
    end
    local length = redis.call('RPUSH', list, unpack(elements))
    local bytes = redis.call('HINCRBY', BYTES, room, added)
    if bytes == added then
      added = added + ROOM_BYTES
      bytes = redis.call('HINCRBY', BYTES, room, ROOM_BYTES)
      redis.call('HSET', FLOORS, room, redis.call('HGET', KEPT, 'forgotten') or '0')
      redis.call('HINCRBY', KEPT, 'rooms', 1)
    end
    -- Who reads passes over what is too old: here it is enough to look now and then.
    local left, lost = trim(list, length, messages, now - lasts, bytes, id % LOOK_EVERY == 0)
    if lost then
      redis.call('HINCRBY', BYTES, room, left - bytes)
      redis.call('HSET', FLOORS, room, lost)
      added = added + left - bytes
    end
    redis.call('ZADD', ENDS, text(now + lasts), room)
    total = total + added
    at = last
  end
  local all = redis.call('HINCRBY', KEPT, 'total', text(total))
  for _, room in ipairs(redis.call('ZRANGEBYSCORE', ENDS, '-inf', text(now), 'LIMIT', 0, 2)) do
    forget_room(room)
  end
  while most > 0 and all > most do
    local ends_first = redis.call('ZRANGE', ENDS, 0, 0)[1]
    if not ends_first then break end
    forget_room(ends_first)
    all = tonumber(redis.call('HGET', KEPT, 'total'))
  end
end

-- Nodes whose programs keep something else know of no messages that are not kept here.
local function compare_rules(rules, id)
  if (redis.call('HGET', KEPT, 'rules') or '') ~= rules then
    redis.call('HSET', KEPT, 'rules', rules)
    raise('doubt', place_of(id, 1023))
  end
end

-- Redis may have dropped keys of ours to make room: then nothing is known for sure.
local function count_rooms(last)
  local count = tonumber(redis.call('HGET', KEPT, 'rooms') or '0')
  local bytes, floors = redis.call('HLEN', BYTES), redis.call('HLEN', FLOORS)
  if count ~= bytes or count ~= floors or count ~= redis.call('ZCARD', ENDS) then
    raise('doubt', place_of(last, 1023))
  end
end

-- Which start of Redis this is, and where the log was when a node first met it: it may have lost
-- what came behind. If nothing is known of a time before, nothing was kept for sure.
local function life(last)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  if redis.call('HGET', KEPT, 'run') ~= run then
    redis.call('HSET', KEPT, 'run', run, 'since', text(last))
    if redis.call('HEXISTS', KEPT, 'doubt') == 0 then raise('doubt', place_of(last, 1023)) end
  end
  return run, redis.call('HGET', KEPT, 'since')
end

-- A room as it is: its floor, then its messages. Nothing: it is forgotten.
local function recall(room, last)
  local bytes = redis.call('HGET', BYTES, room)
  if not bytes then return {} end
  local found = redis.call('LRANGE', list_of(room), 0, -1)
  -- All that was there may have been dropped, by us or to make room in Redis: nobody can tell.
  local floor = #found > 0 and redis.call('HGET', FLOORS, room) or text(place_of(last, 1023))
  if not floor then floor = text(tonumber(string.match(found[1], '^%d+')) - 1) end
  return {floor, unpack(found)}
end
