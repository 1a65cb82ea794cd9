-- Takes out those whose time is over, a bounded number at a time.
-- KEYS: the sorted set of who is writing until when. ARGV: now, in microseconds; how many at most.
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #expired > 0 then
  redis.call('ZREM', KEYS[1], unpack(expired))
end
return expired
