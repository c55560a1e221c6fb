-- Changes a text only if it is still the one that was read. KEYS[1]: the key. ARGV: what to do
-- ('keep' its time to live, 'put' with a new one, 'drop'), whether a text was there (1 or 0), that
-- text, the new one, and its milliseconds (empty: for ever).
local text = redis.call('GET', KEYS[1])
local is_there = text ~= false
if is_there ~= (ARGV[2] == '1') or (is_there and text ~= ARGV[3]) then
  return 0
end
if ARGV[1] == 'drop' then
  redis.call('DEL', KEYS[1])
elseif ARGV[1] == 'keep' then
  redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL')
elseif ARGV[5] == '' then
  redis.call('SET', KEYS[1], ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1
