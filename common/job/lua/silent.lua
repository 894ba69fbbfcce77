-- SPDX-License-Identifier: Apache-2.0
-- KEYS: workers. ARGV: lease in ms. Returns this server's time in ms and the workers without a beat for
-- so long. A beat of the future, from before the clock was set back, becomes one of now: its worker
-- could not be found silent otherwise.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
    redis.call('ZADD', KEYS[1], now, worker)
end
local answer = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[1]))
table.insert(answer, 1, now)
return answer
