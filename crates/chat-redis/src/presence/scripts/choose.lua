-- Stores the status that each user chose. The latest choice wins, so its time is stored with it.
-- KEYS: the base of all keys. ARGV: triples of user, status and `age`: microseconds since the choice.
-- Returns for each user: -1 offline, 0 unchanged, 1 changed.
local base = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer = {}
for i = 1, #ARGV, 3 do
  local user, status, at = ARGV[i], ARGV[i + 1], now - ARGV[i + 2]
  local outcome = -1
  if redis.call('EXISTS', base .. ':user:' .. user) == 1 then
    local chosen = redis.call('HGET', base .. ':chosen', user)
    local before_at, before = string.match(chosen or '0 online', '^(%d+) (%a+)$')
    outcome = 0
    if at >= tonumber(before_at or 0) then
      redis.call('HSET', base .. ':chosen', user, string.format('%.0f %s', at, status))
      outcome = before ~= status and 1 or 0
    end
  end
  answer[#answer + 1] = outcome
end
return answer
