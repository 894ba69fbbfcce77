-- SPDX-License-Identifier: Apache-2.0
-- KEYS: workers, its processing list, base list, dead, crashes. ARGV: worker, lease in ms, how many
-- workers may die with a message before it gets its last try. Moves all that a silent worker had taken to the serving end, the
-- oldest to be served first, and forgets the worker. Returns how many, or -1 when it has beaten.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local beat = redis.call('ZSCORE', KEYS[1], ARGV[1])
if beat and now - beat < tonumber(ARGV[2]) then
    return -1
end
local moved = 0
local message = redis.call('LPOP', KEYS[2])
while message do
    local sha1 = redis.sha1hex(message)
    local crashes = redis.call('HINCRBY', KEYS[5], sha1, 1)
    if crashes > tonumber(ARGV[3]) then
        local reason = crashes .. ' workers died while they held this message'
        redis.call('XADD', KEYS[4], '*', 'message', message, 'reason', reason, 'worker', ARGV[1])
        redis.call('HDEL', KEYS[5], sha1)
    else
        redis.call('RPUSH', KEYS[3], message)
    end
    moved = moved + 1
    message = redis.call('LPOP', KEYS[2])
end
redis.call('ZREM', KEYS[1], ARGV[1])
return moved
