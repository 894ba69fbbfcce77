-- SPDX-License-Identifier: Apache-2.0
-- KEYS: workers, known. ARGV: worker. Registers it or renews its lease, by this server's clock.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZADD', KEYS[2], now, ARGV[1])
return 1
