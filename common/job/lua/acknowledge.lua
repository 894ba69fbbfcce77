-- SPDX-License-Identifier: Apache-2.0
-- KEYS: processing, crashes. ARGV: message. Returns 1, or 0 when somebody rescued it.
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then
    return 0
end
redis.call('HDEL', KEYS[2], redis.sha1hex(ARGV[1]))
return 1
