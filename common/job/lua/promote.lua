-- SPDX-License-Identifier: Apache-2.0
-- KEYS: delayed, base list. ARGV: how many at most. Moves what is due to the serving end; what has
-- been due longest is served first. Returns how many.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now),
                       'LIMIT', 0, ARGV[1])
for i = #due, 1, -1 do
    redis.call('RPUSH', KEYS[2], due[i])
    redis.call('ZREM', KEYS[1], due[i])
end
return #due
