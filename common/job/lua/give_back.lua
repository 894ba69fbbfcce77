-- SPDX-License-Identifier: Apache-2.0
-- KEYS: processing, the list to serve it from. ARGV: message. Returns 1, or 0 when somebody
-- rescued it. The message is the next to be served.
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then
    return 0
end
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
