-- Renews this node's lease.
-- KEYS: the base of all keys. ARGV: node; milliseconds of a lease; an id for this data set, if it has none yet; what
-- the node knows.
-- Returns the state of the node's lease (0: missing, 1: expired, 2: valid); the id of this data set (a different id
-- means that Redis was emptied), and 1 if it is younger than one lease: then leases of live nodes may be missing; and
-- what each node with a lease knows (empty if its lease does not state it).
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
