-- Takes over what nodes left behind whose lease has ended, a bounded number of users at a time: each user is taken out
-- by one call only, so it does not matter how many nodes do this at once, or die of it.
-- KEYS: the base of all keys. ARGV: how many users at most, and optionally a node that is leaving by itself.
-- Answers how many were taken out, then those of them who are nowhere now.
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
