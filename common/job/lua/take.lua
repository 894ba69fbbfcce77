-- SPDX-License-Identifier: Apache-2.0
-- KEYS: the four lists in kombu's order, processing, workers, paused, crashes. ARGV: worker.
-- Moves the next message into the worker's processing list. Returns 'paused', nothing (all lists
-- are empty), or the number of the list (1 to 4), the message and how many workers died with it. Counts as a beat, so that no
-- message ever lies with a worker that is not registered.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[6], string.format('%.0f', now), ARGV[1])
if redis.call('EXISTS', KEYS[7]) == 1 then
    return 'paused'
end
for step = 1, 4 do
    local message = redis.call('LMOVE', KEYS[step], KEYS[5], 'RIGHT', 'LEFT')
    if message then
        return {step, message, redis.call('HGET', KEYS[8], redis.sha1hex(message)) or '0'}
    end
end
return false
