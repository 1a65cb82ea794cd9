-- Adds users to a node. A node without a lease gets a new one: it was considered dead, or Redis was emptied.
-- KEYS: the base of all keys. ARGV: node, milliseconds of a lease, what the node knows, users.
-- Returns 1 if the node still had its lease, then for each user 1 if the user was on no node before.
local base, node = KEYS[1], ARGV[1]
local held = redis.call('ZSCORE', base .. ':leases', node)
if not held then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', base .. ':leases', now + ARGV[2], node)
  redis.call('SREM', base .. ':lapsed', node)
  redis.call('HSET', base .. ':releases', node, ARGV[3])
end
local answer = { held and 1 or 0 }
for i = 4, #ARGV do
  local user = ARGV[i]
  local nodes = base .. ':user:' .. user
  local was_nowhere = 1 - redis.call('EXISTS', nodes)
  redis.call('SADD', nodes, node)
  redis.call('SADD', base .. ':node:' .. node, user)
  redis.call('ZADD', base .. ':online', 0, user)
  answer[#answer + 1] = was_nowhere
end
return answer
