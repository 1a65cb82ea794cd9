-- Removes users from a node.
-- KEYS: the base of all keys. ARGV: node, users.
-- Returns 1 if the node still had its lease, then for each user 1 if the user went offline by this. If the node had
-- lost its lease, its entries may be gone too; then a user without any node counts as having gone offline.
local base, node = KEYS[1], ARGV[1]
local held = redis.call('ZSCORE', base .. ':leases', node)
local answer = { held and 1 or 0 }
for i = 2, #ARGV do
  local user = ARGV[i]
  local nodes = base .. ':user:' .. user
  local was_here = redis.call('SREM', nodes, node)
  redis.call('SREM', base .. ':node:' .. node, user)
  local is_nowhere = redis.call('EXISTS', nodes) == 0
  if is_nowhere then
    redis.call('ZREM', base .. ':online', user)
    redis.call('HDEL', base .. ':chosen', user)
  end
  answer[#answer + 1] = (is_nowhere and (was_here == 1 or not held)) and 1 or 0
end
return answer
