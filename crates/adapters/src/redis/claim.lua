-- Claims things that nobody holds and of which nobody knows more than the caller.
-- KEYS: one a thing. ARGV: how long to hold and how long to keep what is known (ms), then what the caller knows of each.
-- Gives for each a token above 0, or 0. Tokens grow with the clock, so that they grow even when everything was lost.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local least = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tokens = {}
for at, key in ipairs(KEYS) do
    local held = redis.call('HMGET', key, 'until', 'known', 'token')
    local known = tonumber(ARGV[at + 2])
    if (tonumber(held[1]) or 0) <= now and (tonumber(held[2]) or 0) <= known then
        local token = math.max((tonumber(held[3]) or 0) + 1, least)
        redis.call('HSET', key, 'until', string.format('%.0f', now + tonumber(ARGV[1])),
            'known', ARGV[at + 2], 'token', string.format('%.0f', token))
        redis.call('PEXPIRE', key, ARGV[2])
        tokens[at] = string.format('%.0f', token)
    else
        tokens[at] = '0'
    end
end
return tokens
