-- Lets claims go that their callers still have.
-- KEYS: one a thing. ARGV: how long to keep what is known (ms), then for each the token and the position known, 0 to
-- forget the thing.
for at, key in ipairs(KEYS) do
    local held = redis.call('HMGET', key, 'token', 'known')
    if held[1] == ARGV[2 * at] then
        local known = tonumber(ARGV[2 * at + 1])
        if known == 0 then
            redis.call('DEL', key)
        else
            known = math.max(known, tonumber(held[2]) or 0)
            redis.call('HSET', key, 'until', '0', 'known', string.format('%.0f', known))
            redis.call('PEXPIRE', key, ARGV[1])
        end
    end
end
