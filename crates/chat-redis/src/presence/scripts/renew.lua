-- A node lives.
-- KEYS: the base of all keys. ARGV: node, milliseconds of a lease, a name for this filling of Redis in case it is new.
-- Answers whether the node had a lease (0 no, 1 one that had ended, 2 a good one), and the name of this filling:
-- another than before means that Redis was emptied.
local base, node = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = redis.call('ZSCORE', base .. ':leases', node)
redis.call('ZADD', base .. ':leases', now + ARGV[2], node)
redis.call('SREM', base .. ':lapsed', node)
redis.call('SET', base .. ':filling', ARGV[3], 'NX')
local held = 0
if ends then
  held = tonumber(ends) > now and 2 or 1
end
return { tostring(held), redis.call('GET', base .. ':filling') }
