-- SPDX-License-Identifier: Apache-2.0
-- KEYS: missing, swept. ARGV: interval in ms, and the names of what this sweep has missed, each with
-- a blank behind it. Remembers them, with the sweep that was the first to miss them, and forgets all
-- others. Returns the names that were missed an interval ago already. What was missed in the future,
-- before the clock was set back, is missed now.
local now = tonumber(redis.call('GET', KEYS[2]) or 0)
local since = {}
local old = redis.call('HGETALL', KEYS[1])
for i = 1, #old, 2 do
    since[old[i]] = tonumber(old[i + 1])
end
redis.call('DEL', KEYS[1])
local late = {}
for name in string.gmatch(ARGV[2], '(%S+) ') do
    local first = math.min(since[name] or now, now)
    redis.call('HSET', KEYS[1], name, string.format('%.0f', first))
    if now - first >= tonumber(ARGV[1]) then
        late[#late + 1] = name
    end
end
return late
