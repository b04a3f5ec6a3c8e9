import { defineScript } from './script.ts'

/*
 * lease:<name> is a hash: holder, until, token. It stays when the lease is given back, since the token must go on growing;
 * there are as many as names in the program.
 */

/** Takes or prolongs a lease: name, holder, until, now. Answers the token, or 0 while somebody else holds it. */
export const acquireLease = defineScript(`
local lease = key('lease', ARGV[1])
local row = call('HMGET', lease, 'holder', 'until')
if row[1] ~= ARGV[2] then
  if row[2] and tonumber(row[2]) > tonumber(ARGV[4]) then return 0 end
  call('HINCRBY', lease, 'token', 1)
end
call('HSET', lease, 'holder', ARGV[2], 'until', ARGV[3])
return call('HGET', lease, 'token')
`)

/** Gives a lease back if it is the holder's: name, holder. */
export const releaseLease = defineScript(`
local lease = key('lease', ARGV[1])
if call('HGET', lease, 'holder') == ARGV[2] then call('HSET', lease, 'holder', '', 'until', 0) end
return 0
`)
