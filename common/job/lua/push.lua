-- SPDX-License-Identifier: Apache-2.0
-- KEYS: the list. ARGV: message. Adds the message unless the list holds it already. Returns 1, or 0.
if redis.call('LPOS', KEYS[1], ARGV[1]) then
    return 0
end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
