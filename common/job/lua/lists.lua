-- SPDX-License-Identifier: Apache-2.0
-- KEYS: known, workers. ARGV: what the names of processing lists begin with, how many ms a worker without
-- a beat and a list is known, names of further workers to be known. Returns whether these are known now
-- (a server that is full, or a replica, takes no notes, but answers), and the names of all workers,
-- registered or only known, that have a processing list.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {1}
for i = 3, #ARGV do
    local noted = redis.pcall('ZADD', KEYS[1], 'NX', string.format('%.0f', now), ARGV[i])
    if type(noted) == 'table' and noted.err then
        answer[1] = 0
    end
end
local names = redis.call('ZRANGE', KEYS[2], 0, -1)
for _, worker in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if not redis.call('ZSCORE', KEYS[2], worker) then
        table.insert(names, worker)
    end
end
for _, worker in ipairs(names) do
    if redis.call('EXISTS', ARGV[1] .. worker) == 1 then
        table.insert(answer, worker)
    end
end
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))) do
    if redis.call('EXISTS', ARGV[1] .. worker) == 0 then
        redis.pcall('ZREM', KEYS[1], worker)
    end
end
return answer
