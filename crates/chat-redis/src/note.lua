-- Notes a landmark, unless a later one is noted.
-- KEYS: the landmark. ARGV: its text, which ends with its time; its time in microseconds.
local known = redis.call('GET', KEYS[1])
local at = known and tonumber(string.match(known, '%-?%d+$'))
if not at or at < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[1])
end
