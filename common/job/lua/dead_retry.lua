-- SPDX-License-Identifier: Apache-2.0
-- KEYS: dead, base list. ARGV: entry. Queues a dead entry's message again. Returns 0 when there is
-- no such entry.
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 then
    return 0
end
local fields = found[1][2]
for i = 1, #fields, 2 do
    if fields[i] == 'message' then
        redis.call('LPUSH', KEYS[2], fields[i + 1])
    end
end
return redis.call('XDEL', KEYS[1], ARGV[1])
