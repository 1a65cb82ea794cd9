-- Removes and returns expired typing entries, a bounded number per call.
-- KEYS: the sorted set of entries by expiry. ARGV: the present time in microseconds; the most entries to remove.
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #expired > 0 then
  redis.call('ZREM', KEYS[1], unpack(expired))
end
return expired
