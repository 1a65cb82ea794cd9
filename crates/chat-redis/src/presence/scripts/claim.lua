-- Removes the users of nodes whose lease has expired, a bounded number per call. Exactly one call removes each user, so
-- several nodes may do this at once, and any of them may be killed meanwhile.
-- KEYS: the base of all keys. ARGV: the maximum number of users; optionally a node that is shutting down.
-- Returns the number of removed users, then those of them who are on no node now.
local base, left = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ended = redis.call('ZRANGEBYSCORE', base .. ':leases', '-inf', now)
if ARGV[2] then
  ended = { ARGV[2] }
end
for _, node in ipairs(ended) do
  redis.call('ZREM', base .. ':leases', node)
  redis.call('SADD', base .. ':lapsed', node)
end
local answer = { '0' }
while left > 0 do
  local node = redis.call('SRANDMEMBER', base .. ':lapsed')
  if not node then
    break
  end
  local users = redis.call('SPOP', base .. ':node:' .. node, left)
  for _, user in ipairs(users) do
    local nodes = base .. ':user:' .. user
    redis.call('SREM', nodes, node)
    if redis.call('EXISTS', nodes) == 0 then
      redis.call('ZREM', base .. ':online', user)
      redis.call('HDEL', base .. ':chosen', user)
      answer[#answer + 1] = user
    end
  end
  left = left - #users
  if redis.call('EXISTS', base .. ':node:' .. node) == 0 then
    redis.call('SREM', base .. ':lapsed', node)
  end
end
answer[1] = tostring(tonumber(ARGV[1]) - left)
return answer
