-- SPDX-License-Identifier: Apache-2.0
-- KEYS: swept. ARGV: interval in ms. Whose turn it is to sweep: returns 1 when the last sweep, by
-- whomever, began so long ago, and notes that one begins now; else 0.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('GET', KEYS[1])
if last and now >= tonumber(last) and now - tonumber(last) < tonumber(ARGV[1]) then
    return 0
end
redis.call('SET', KEYS[1], string.format('%.0f', now))
return 1
