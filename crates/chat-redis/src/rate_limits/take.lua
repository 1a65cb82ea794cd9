-- A token bucket, stored as one number: the microsecond at which it will be full.
-- KEYS: the bucket. ARGV: microseconds per token, tokens of a full bucket, tokens to take (negative: to give back).
-- Returns whether the tokens were available, and the microseconds until the bucket is full.
local per_token, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local capacity = per_token * burst
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = tonumber(redis.call('GET', KEYS[1]) or '0')
local missing = math.min(math.max(full_at - now, 0), capacity)
local wanted = math.max(missing + per_token * cost, 0)
if wanted > capacity then
  return { 0, missing }
end
if wanted == 0 then
  redis.call('DEL', KEYS[1])
elseif cost ~= 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', now + wanted), 'PX', math.ceil(wanted / 1000))
end
return { 1, wanted }
