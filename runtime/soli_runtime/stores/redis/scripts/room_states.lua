-- The state of rooms (stores/redis/room_states.py). It is not read here: a base, and changes.
--
-- KEYS: ends, totals, room, changes, turns, until, calls
-- ends: rooms by the millisecond when they end. totals: bytes of all; which start of Redis it is,
-- and the version above all that earlier ones may have had. room:NAME: first, base,
-- version, weight, bytes, state. changes:NAME: those behind `first`. turns:NAME: "SECONDS NAME" of
-- who has the turn, and of who waits. until:NAME: the millisecond when the turn ends.
-- calls:NAME:WHO: something, when the turn of who waits has come.
local ENDS, TOTALS = KEYS[1], KEYS[2]
local CHANGE_BYTES, ROOM_BYTES, KEPT_BYTES, EMPTY = 60, 200, 16384, '{}'
local HOUR = 3600000
local verb, name = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local function room_of(room) return KEYS[3] .. ':' .. room end
local function changes_of(room) return KEYS[4] .. ':' .. room end

local function drop(room)
  local bytes = tonumber(redis.call('HGET', room_of(room), 'bytes') or '0')
  redis.call('HINCRBY', TOTALS, 'bytes', -bytes)
  redis.call('DEL', room_of(room), changes_of(room))
  redis.call('ZREM', ENDS, room)
end

-- First, base, version and weight; nothing: there is no such room.
local function find(room)
  local ends = redis.call('ZSCORE', ENDS, room)
  if not ends then return nil end
  local found = redis.call('HMGET', room_of(room), 'first', 'base', 'version', 'weight')
  if tonumber(ends) <= now or not found[1] then
    drop(room)
    return nil
  end
  local first, base, version = tonumber(found[1]), tonumber(found[2]), tonumber(found[3])
  -- Redis may have lost the newest versions: those that follow must not have their numbers.
  local lost = tonumber(redis.call('HGET', TOTALS, 'floor') or '0') - version
  if lost > 0 then
    first, base, version = first + lost, base + lost, version + lost
    redis.call('HSET', room_of(room), 'first', text(first), 'base', text(base), 'version',
      text(version))
  end
  return {first = first, base = base, version = version, weight = tonumber(found[4])}
end

-- What is newer than *known*: base, whether the state follows, the state, the changes.
local function news(room, found, known)
  if not found then return {'0', '1', EMPTY} end
  local from, has_state, state = known, '0', ''
  if known < found.first or known > found.version then
    from, has_state = found.base, '1'
    state = redis.call('HGET', room_of(room), 'state')
  end
  local told = {text(from), has_state, state}
  local list = redis.call('LRANGE', changes_of(room), from - found.first, -1)
  for _, change in ipairs(list) do told[#told + 1] = change end
  return told
end

-- The turn

local TURNS, UNTIL = KEYS[5] .. ':' .. (name or ''), KEYS[6] .. ':' .. (name or '')

local function first_in_turn()
  local first = redis.call('LINDEX', TURNS, 0)
  if not first then return nil end
  local seconds, who = string.match(first, '^(%d+) (.*)$')
  return who, tonumber(seconds)
end

local function begin_turn(milliseconds)
  redis.call('SET', UNTIL, text(now + milliseconds), 'PX', HOUR)
end

local function end_turn()
  redis.call('LPOP', TURNS)
  local who, milliseconds = first_in_turn()
  if not who then return redis.call('DEL', UNTIL) end
  begin_turn(milliseconds)
  local call = KEYS[7] .. ':' .. name .. ':' .. who
  redis.call('DEL', call)
  redis.call('RPUSH', call, '1')
  redis.call('PEXPIRE', call, text(milliseconds))
end

local function holder()
  local who = first_in_turn()
  if who and tonumber(redis.call('GET', UNTIL) or '0') <= now then
    end_turn()
    who = first_in_turn()
  end
  return who or ''
end

local function give_back(who)
  if holder() == who then return end_turn() end
  for _, waiting in ipairs(redis.call('LRANGE', TURNS, 0, -1)) do
    if string.match(waiting, '^%d+ (.*)$') == who then redis.call('LREM', TURNS, 1, waiting) end
  end
end

local function turn(who, milliseconds)
  local has = holder()
  if has == who then
    begin_turn(milliseconds)
    return 1
  end
  for _, waiting in ipairs(redis.call('LRANGE', TURNS, 0, -1)) do
    if string.match(waiting, '^%d+ (.*)$') == who then return 0 end
  end
  redis.call('RPUSH', TURNS, text(milliseconds) .. ' ' .. who)
  redis.call('PEXPIRE', TURNS, HOUR)
  if has ~= '' then return 0 end
  begin_turn(milliseconds)
  return 1
end

-- Changes

local function sweep(most)
  for _, room in ipairs(redis.call('ZRANGEBYSCORE', ENDS, '-inf', text(now), 'LIMIT', 0, most)) do
    drop(room)
  end
end

local function begin_room(most)
  sweep(2)
  if most > 0 and redis.call('ZCARD', ENDS) >= most then
    sweep(1000)
    if redis.call('ZCARD', ENDS) >= most then return nil end
  end
  local bytes = ROOM_BYTES + #EMPTY
  local version = text(micros)
  redis.call('HSET', room_of(name), 'first', version, 'base', version, 'version', version,
    'weight', 0, 'bytes', bytes, 'state', EMPTY)
  redis.call('HINCRBY', TOTALS, 'bytes', bytes)
  redis.call('ZADD', ENDS, text(now), name)
  return {first = micros, base = micros, version = micros, weight = 0}
end

-- ARGV: verb, room, known, is_checked, milliseconds, writer, keeps turn, most rooms, most bytes,
-- changes
local function commit()
  local known, writer = tonumber(ARGV[3]), ARGV[6]
  local found = find(name)
  local told = news(name, found, known)
  local has = holder()
  if has ~= '' and has ~= writer then return {'taken', told, 0} end
  if ARGV[4] == '1' and (found and found.version or 0) ~= known then return {'late', told, 0} end
  local added = 0
  for index = 10, #ARGV do added = added + #ARGV[index] + CHANGE_BYTES end
  local most, all = tonumber(ARGV[9]), tonumber(redis.call('HGET', TOTALS, 'bytes') or '0')
  if most > 0 and all + added + (found and 0 or ROOM_BYTES + #EMPTY) > most then
    sweep(1000)
    all = tonumber(redis.call('HGET', TOTALS, 'bytes') or '0')
    if all + added + (found and 0 or ROOM_BYTES + #EMPTY) > most then return {'bytes'} end
  end
  if not found then
    found = begin_room(tonumber(ARGV[8]))
    if not found then return {'rooms'} end
    told = {text(found.base), '1', EMPTY}
  end
  for index = 10, #ARGV do redis.call('RPUSH', changes_of(name), ARGV[index]) end
  local weight = redis.call('HINCRBY', room_of(name), 'weight', added)
  redis.call('HINCRBY', room_of(name), 'version', #ARGV - 9)
  redis.call('HINCRBY', room_of(name), 'bytes', added)
  redis.call('HINCRBY', TOTALS, 'bytes', added)
  redis.call('ZADD', ENDS, 'GT', text(now + tonumber(ARGV[5])), name)
  if writer ~= '' and ARGV[7] ~= '1' then give_back(writer) end
  return {'done', told, weight}
end

-- ARGV: verb, room, version, state
local function compact()
  local found, version, state = find(name), tonumber(ARGV[3]), ARGV[4]
  if not found or version <= found.base or version > found.version then return end
  local behind, size = 0, ROOM_BYTES + #state
  local list = redis.call('LRANGE', changes_of(name), 0, -1)
  local at = #list
  local weight = 0
  while at > 0 do
    local added = #list[at] + CHANGE_BYTES
    if found.first + at > version then
      weight = weight + added
    elseif behind + added > KEPT_BYTES then
      break
    else
      behind = behind + added
    end
    size, at = size + added, at - 1
  end
  redis.call('LTRIM', changes_of(name), at, -1)
  local before = tonumber(redis.call('HGET', room_of(name), 'bytes'))
  redis.call('HSET', room_of(name), 'first', text(found.first + at), 'base', text(version),
    'weight', weight, 'bytes', size, 'state', state)
  redis.call('HINCRBY', TOTALS, 'bytes', size - before)
end

-- A process has a new connection: perhaps because Redis was started again.
if verb == 'greet' then
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  local before = redis.call('HGET', TOTALS, 'run')
  if before == run then return end
  redis.call('HSET', TOTALS, 'run', run)
  if before then redis.call('HSET', TOTALS, 'floor', text(micros)) end
  return
end

if verb == 'load' then return news(name, find(name), tonumber(ARGV[3])) end
if verb == 'commit' then return commit() end
if verb == 'compact' then return compact() end
if verb == 'turn' then return turn(ARGV[3], tonumber(ARGV[4])) end
if verb == 'give_back' then return give_back(ARGV[3]) end

-- ARGV: verb, room, milliseconds, …
if verb == 'touch' then
  for index = 2, #ARGV, 2 do
    if find(ARGV[index]) then
      redis.call('ZADD', ENDS, text(now + tonumber(ARGV[index + 1])), ARGV[index])
    end
  end
end

-- ARGV: verb, room, …
if verb == 'versions' then
  local versions = {}
  for index = 2, #ARGV do
    local found = find(ARGV[index])
    versions[index - 1] = found and text(found.version) or '0'
  end
  return versions
end
