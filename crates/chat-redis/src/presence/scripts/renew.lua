-- A node lives.
-- KEYS: the base of all keys. ARGV: node, milliseconds of a lease, a name for this filling of Redis in case it is new,
-- what the node knows of changes.
-- Answers whether the node had a lease (0 no, 1 one that had ended, 2 a good one); the name of this filling: another
-- than before means that Redis was emptied; whether this filling is younger than a lease (1 or 0), so that nodes may
-- live whose leases are not back yet; and for each node with a lease what it knows, empty if it has not said it.
local base, node = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = redis.call('ZSCORE', base .. ':leases', node)
redis.call('ZADD', base .. ':leases', now + ARGV[2], node)
redis.call('SREM', base .. ':lapsed', node)
if redis.call('SET', base .. ':filling', ARGV[3], 'NX') then
  redis.call('SET', base .. ':young', ARGV[3], 'PX', ARGV[2])
end
local held = 0
if ends then
  held = tonumber(ends) > now and 2 or 1
end
redis.call('HSET', base .. ':releases', node, ARGV[4])
for _, other in ipairs(redis.call('HKEYS', base .. ':releases')) do
  if not redis.call('ZSCORE', base .. ':leases', other) then
    redis.call('HDEL', base .. ':releases', other)
  end
end
local releases = {}
for i, other in ipairs(redis.call('ZRANGE', base .. ':leases', 0, -1)) do
  releases[i] = redis.call('HGET', base .. ':releases', other) or ''
end
return { tostring(held), redis.call('GET', base .. ':filling'), redis.call('EXISTS', base .. ':young'), releases }
