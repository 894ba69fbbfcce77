-- SPDX-License-Identifier: Apache-2.0
-- KEYS: workers, processing. ARGV: worker. A worker that still holds messages stays on the list, to
-- be rescued.
if redis.call('EXISTS', KEYS[2]) == 1 then
    return 0
end
return redis.call('ZREM', KEYS[1], ARGV[1])
