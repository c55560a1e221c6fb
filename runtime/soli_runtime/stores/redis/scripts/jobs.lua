-- The queue. KEYS[1] is what all its keys begin with; ARGV[1] is the verb.
--   job:ID    one job, a hash        line:NAME  one cron line, a hash
--   all       ids by number          waiting    ids by time
--   due       ids by priority and number        running  ids by the end of their lease
--   dead, ended                      ids in the order in which they ended
--   counts    jobs by status         queues     jobs by queue
--   lines     names of the cron lines
local base = KEYS[1]
local verb = ARGV[1]

local function key(name)
  return base .. name
end

local function now()
  if ARGV[2] ~= '' then
    return tonumber(ARGV[2])
  end
  local time = redis.call('TIME')
  return time[1] + time[2] / 1e6
end

local function exact(number)
  return string.format('%.6f', number)
end

local function field(id, name)
  return redis.call('HGET', key('job:' .. id), name)
end

local function set_status(id, status)
  local before = field(id, 'status')
  if before then
    redis.call('HINCRBY', key('counts'), before, -1)
  end
  redis.call('HINCRBY', key('counts'), status, 1)
  redis.call('HSET', key('job:' .. id), 'status', status)
end

local function push_due(id)
  local priority = math.max(-100000, math.min(100000, tonumber(field(id, 'priority'))))
  local score = -priority * 10000000000 + tonumber(field(id, 'number'))
  redis.call('ZADD', key('due'), string.format('%.0f', score), id)
end

local function forget(id)
  local queue = field(id, 'queue')
  if redis.call('HINCRBY', key('queues'), queue, -1) <= 0 then
    redis.call('HDEL', key('queues'), queue)
  end
  redis.call('HINCRBY', key('counts'), field(id, 'status'), -1)
  redis.call('ZREM', key('all'), id)
  redis.call('DEL', key('job:' .. id))
end

local function finish(id, status, problem, most)
  set_status(id, status)
  redis.call('HSET', key('job:' .. id), 'error', problem)
  for _, set in ipairs({ 'waiting', 'due', 'running' }) do
    redis.call('ZREM', key(set), id)
  end
  local ended = key(status == 'failed' and 'dead' or 'ended')
  redis.call('ZADD', ended, redis.call('INCR', key('endings')), id)
  while redis.call('ZCARD', ended) > tonumber(most) do
    forget(redis.call('ZPOPMIN', ended)[1])
  end
end

local function add(first)
  local id = ARGV[first]
  local names = { 'name', 'args', 'run_at', 'queue', 'priority', 'max_retries', 'attempts',
    'error', 'cron', 'losses' }
  local job = key('job:' .. id)
  redis.call('HSET', job, 'id', id, 'lease', '', 'number', redis.call('INCR', key('number')))
  for index, name in ipairs(names) do
    redis.call('HSET', job, name, ARGV[first + index])
  end
  set_status(id, 'queued')
  redis.call('ZADD', key('all'), field(id, 'number'), id)
  redis.call('ZADD', key('waiting'), field(id, 'run_at'), id)
  redis.call('HINCRBY', key('queues'), field(id, 'queue'), 1)
end

local function take_back(time, most_losses, problem, most_dead)
  local lost = redis.call('ZRANGEBYSCORE', key('running'), '-inf', exact(time), 'LIMIT', 0, 100)
  for _, id in ipairs(lost) do
    local losses = redis.call('HINCRBY', key('job:' .. id), 'losses', 1)
    if losses >= tonumber(most_losses) then
      finish(id, 'failed', problem, most_dead)
    else
      redis.call('ZREM', key('running'), id)
      redis.call('HINCRBY', key('job:' .. id), 'attempts', -1)
      set_status(id, 'queued')
      push_due(id)
    end
  end
end

local function take(lease, seconds, most_losses, problem, most_dead)
  local time = now()
  take_back(time, most_losses, problem, most_dead)
  local come = redis.call('ZRANGEBYSCORE', key('waiting'), '-inf', exact(time), 'LIMIT', 0, 1000)
  for _, id in ipairs(come) do
    redis.call('ZREM', key('waiting'), id)
    push_due(id)
  end
  local id = redis.call('ZPOPMIN', key('due'))[1]
  if not id then
    return false
  end
  set_status(id, 'running')
  redis.call('HINCRBY', key('job:' .. id), 'attempts', 1)
  redis.call('HSET', key('job:' .. id), 'lease', lease)
  redis.call('ZADD', key('running'), exact(time + seconds), id)
  return redis.call('HGETALL', key('job:' .. id))
end

local function is_mine(id, lease)
  return field(id, 'status') == 'running' and field(id, 'lease') == lease
end

local function queue_again(id, at, problem)
  redis.call('ZREM', key('running'), id)
  set_status(id, 'queued')
  redis.call('HSET', key('job:' .. id), 'run_at', at, 'error', problem)
  redis.call('ZADD', key('waiting'), at, id)
end

local function keep_line(first)
  local name = ARGV[first]
  redis.call('SADD', key('lines'), name)
  redis.call('HSET', key('line:' .. name), 'name', name, 'line', ARGV[first + 1], 'job',
    ARGV[first + 2], 'args', ARGV[first + 3], 'next_at', ARGV[first + 4], 'is_declared',
    ARGV[first + 5])
end

local function drop_line(name)
  redis.call('DEL', key('line:' .. name))
  return redis.call('SREM', key('lines'), name)
end

local function declare()
  local declared = {}
  for first = 3, #ARGV, 6 do
    declared[ARGV[first]] = true
    local known = redis.call('HMGET', key('line:' .. ARGV[first]), 'line', 'job', 'args')
    local is_same = true
    for index = 1, 3 do
      is_same = is_same and known[index] == ARGV[first + index]
    end
    if not is_same then
      keep_line(first)
    end
  end
  for _, name in ipairs(redis.call('SMEMBERS', key('lines'))) do
    local is_declared = redis.call('HGET', key('line:' .. name), 'is_declared') == '1'
    if is_declared and not declared[name] then
      drop_line(name)
    end
  end
end

if verb == 'add' then
  add(3)
elseif verb == 'take' then
  return take(ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7])
elseif verb == 'extend' then
  if not is_mine(ARGV[3], ARGV[4]) then
    return 0
  end
  redis.call('ZADD', key('running'), exact(now() + ARGV[5]), ARGV[3])
elseif verb == 'finish' then
  if not is_mine(ARGV[3], ARGV[4]) then
    return 0
  end
  finish(ARGV[3], ARGV[5], ARGV[6], ARGV[7])
elseif verb == 'again' then
  if not is_mine(ARGV[3], ARGV[4]) then
    return 0
  end
  queue_again(ARGV[3], ARGV[5], ARGV[6])
elseif verb == 'release' then
  if not is_mine(ARGV[3], ARGV[4]) then
    return 0
  end
  redis.call('HINCRBY', key('job:' .. ARGV[3]), 'attempts', -1)
  queue_again(ARGV[3], field(ARGV[3], 'run_at'), field(ARGV[3], 'error'))
elseif verb == 'revive' then
  local status = field(ARGV[3], 'status')
  if status ~= 'failed' and status ~= 'cancelled' then
    return 0
  end
  redis.call('ZREM', key(status == 'failed' and 'dead' or 'ended'), ARGV[3])
  redis.call('HSET', key('job:' .. ARGV[3]), 'attempts', 0, 'losses', 0)
  queue_again(ARGV[3], ARGV[4], field(ARGV[3], 'error'))
elseif verb == 'cancel' then
  if field(ARGV[3], 'status') ~= 'queued' then
    return 0
  end
  finish(ARGV[3], 'cancelled', field(ARGV[3], 'error'), ARGV[4])
elseif verb == 'next_at' then
  local due = redis.call('ZRANGE', key('due'), 0, 0)[1]
  if due then
    return field(due, 'run_at')
  end
  local waiting = redis.call('ZRANGE', key('waiting'), 0, 0, 'WITHSCORES')[2]
  local running = redis.call('ZRANGE', key('running'), 0, 0, 'WITHSCORES')[2]
  if waiting and running then
    return tonumber(waiting) < tonumber(running) and waiting or running
  end
  return waiting or running
elseif verb == 'declare' then
  declare()
elseif verb == 'schedule' then
  keep_line(3)
elseif verb == 'unschedule' then
  return drop_line(ARGV[3])
elseif verb == 'claim' then
  local known = redis.call('HMGET', key('line:' .. ARGV[3]), 'line', 'next_at')
  if known[1] ~= ARGV[4] or known[2] ~= ARGV[5] then
    return 0
  end
  redis.call('HSET', key('line:' .. ARGV[3]), 'next_at', ARGV[6])
  add(7)
end
return 1
