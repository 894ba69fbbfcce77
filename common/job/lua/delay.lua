-- SPDX-License-Identifier: Apache-2.0
-- KEYS: processing, delayed. ARGV: message, delay in ms. Returns 1, or 0 when somebody rescued it.
-- Of two equal messages, which are one job, the earlier moment counts.
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then
    return 0
end
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])
redis.call('ZADD', KEYS[2], 'LT', string.format('%.0f', due), ARGV[1])
return 1
