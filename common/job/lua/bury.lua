-- SPDX-License-Identifier: Apache-2.0
-- KEYS: processing, dead, crashes. ARGV: message, reason, worker. Returns 1, or 0 when somebody
-- rescued it.
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then
    return 0
end
redis.call('XADD', KEYS[2], '*', 'message', ARGV[1], 'reason', ARGV[2], 'worker', ARGV[3])
redis.call('HDEL', KEYS[3], redis.sha1hex(ARGV[1]))
return 1
