-- SPDX-License-Identifier: Apache-2.0
-- Reads the messages in exportd's lists; if there are none, moves messages there from kombu's.
-- KEYS: kombu's lists in kombu's order, exportd's lists for the same steps, the list of cut messages.
-- ARGV: how many bytes a message may have. Returns 1 if exportd's lists had messages before, else 0; for each message the
-- number of its list and its text; and the cut messages.
-- A message is always in some list: LMOVE is atomic, and a long message is removed only after its remnant was added.
local MESSAGES, BYTES, KEPT = 100, 4 * 1024 * 1024, 2000
local steps = (#KEYS - 1) / 2
local cut = KEYS[#KEYS]
local taken, bytes, full = {}, 0, false

-- Whether this message may be taken. The first one always may; after one that may not, none may.
local function has_room(message)
    full = full or #taken >= 2 * MESSAGES or bytes > 0 and bytes + #message > BYTES
    return not full
end

local function take(step, message)
    taken[#taken + 1] = step
    taken[#taken + 1] = message
    bytes = bytes + #message
end

local function move(step)
    local message = redis.call('LINDEX', KEYS[step], -1)
    while message and has_room(message) do
        if #message > tonumber(ARGV[1]) then
            local reason = 'longer than 1 MiB (' .. #message .. ' bytes, SHA-1 ' .. redis.sha1hex(message) .. ')'
            redis.call('LPUSH', cut, reason .. '\n' .. message:sub(1, KEPT))
            redis.call('LTRIM', KEYS[step], 0, -2)
            full = true
        else
            redis.call('LMOVE', KEYS[step], KEYS[steps + step], 'RIGHT', 'LEFT')
            take(step, message)
        end
        message = not full and redis.call('LINDEX', KEYS[step], -1)
    end
end

for step = 1, steps do
    local messages = redis.call('LRANGE', KEYS[steps + step], -MESSAGES, -1)
    for i = #messages, 1, -1 do
        if has_room(messages[i]) then
            take(step, messages[i])
        end
    end
end
local found = #taken > 0
if not found and redis.call('EXISTS', cut) == 0 then
    for step = 1, steps do
        if not full then
            move(step)
        end
    end
end
return {found and 1 or 0, taken, redis.call('LRANGE', cut, -MESSAGES, -1)}
