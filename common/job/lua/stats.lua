-- SPDX-License-Identifier: Apache-2.0
-- KEYS: the four lists, delayed, dead, workers, paused. ARGV: what the names of processing lists
-- begin with. Returns their sizes, in this order, and that of the processing lists of all registered
-- workers together: at one moment, so that no message on its way from list to list is missed.
local sizes = {}
for step = 1, 4 do
    sizes[step] = redis.call('LLEN', KEYS[step])
end
sizes[5] = redis.call('ZCARD', KEYS[5])
sizes[6] = redis.call('XLEN', KEYS[6])
sizes[7] = redis.call('ZCARD', KEYS[7])
sizes[8] = redis.call('EXISTS', KEYS[8])
sizes[9] = 0
for _, worker in ipairs(redis.call('ZRANGE', KEYS[7], 0, -1)) do
    sizes[9] = sizes[9] + redis.call('LLEN', ARGV[1] .. worker)
end
return sizes
