-- What Redis' own commands for texts do differently. KEYS[1]: the key. ARGV[1]: the verb.
local function characters(text)
  return select(2, string.gsub(text, '[^\128-\191]', ''))
end

local text = redis.call('GET', KEYS[1]) or ''
if ARGV[1] == 'strlen' then -- Redis counts bytes
  return characters(text)
elseif ARGV[1] == 'append' then
  redis.call('APPEND', KEYS[1], ARGV[2])
  return characters(text .. ARGV[2])
elseif ARGV[1] == 'change' then -- from what was read to something else, unless it changed
  if text ~= ARGV[2] then
    return 0
  end
  redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
  return 1
end
