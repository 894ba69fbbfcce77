-- KEYS: the four lists, delayed, dead, workers, paused. Returns their sizes, in this order.
local sizes = {}
for step = 1, 4 do
    sizes[step] = redis.call('LLEN', KEYS[step])
end
sizes[5] = redis.call('ZCARD', KEYS[5])
sizes[6] = redis.call('XLEN', KEYS[6])
sizes[7] = redis.call('ZCARD', KEYS[7])
sizes[8] = redis.call('EXISTS', KEYS[8])
return sizes
