import { defineScript } from './script.ts'

/*
 * The keys of what is in flight:
 *   in-flight:<account>         hash: holder -> <until>:<count>
 *   in-flight-holder:<holder>   set: the accounts in which it counts
 * Both expire by themselves some time after the last holder has lapsed.
 */
const counts = `
local KEEP_LAPSED_MS = 60000
local function parse(text)
  local till, count = string.match(text or '0:0', '^(.*):(%d+)$')
  return tonumber(till), tonumber(count)
end
local function keep(name, id, till, now)
  local wanted = till - now + KEEP_LAPSED_MS
  if call('PTTL', key(name, id)) < wanted then call('PEXPIRE', key(name, id), string.format('%.0f', wanted)) end
end
local function count(account, holder, till, number)
  call('HSET', key('in-flight', account), holder, till .. ':' .. whole(number))
end
local function forget(account, holder)
  call('HDEL', key('in-flight', account), holder)
  call('SREM', key('in-flight-holder', holder), account)
end
`

/** Counts one more if there is room: account, cap, holder, until, now. Answers 1 if there was. */
export const enterAccount = defineScript(`${counts}
local account, holder, now = ARGV[1], ARGV[3], tonumber(ARGV[5])
local total, own = 0, 0
local held = call('HGETALL', key('in-flight', account))
for n = 1, #held, 2 do
  local till, number = parse(held[n + 1])
  if till <= now then
    forget(account, held[n])
  else
    total = total + number
    if held[n] == holder then own = number end
  end
end
if total >= tonumber(ARGV[2]) then return 0 end
count(account, holder, ARGV[4], own + 1)
call('SADD', key('in-flight-holder', holder), account)
keep('in-flight', account, tonumber(ARGV[4]), now)
keep('in-flight-holder', holder, tonumber(ARGV[4]), now)
return 1
`)

/** Counts one less: account, holder. */
export const leaveAccount = defineScript(`${counts}
local text = call('HGET', key('in-flight', ARGV[1]), ARGV[2])
if not text then return 0 end
local till, number = parse(text)
if number > 1 then
  count(ARGV[1], ARGV[2], string.match(text, '^(.*):'), number - 1)
else
  forget(ARGV[1], ARGV[2])
end
return 0
`)

/** Prolongs what a holder holds, and forgets what has lapsed of it: holder, until, now. */
export const beatHolder = defineScript(`${counts}
local holder, now = ARGV[1], tonumber(ARGV[3])
for _, account in ipairs(call('SMEMBERS', key('in-flight-holder', holder))) do
  local till, number = parse(call('HGET', key('in-flight', account), holder))
  if till > now then
    count(account, holder, ARGV[2], number)
    keep('in-flight', account, tonumber(ARGV[2]), now)
  else
    forget(account, holder)
  end
end
if call('EXISTS', key('in-flight-holder', holder)) == 1 then
  keep('in-flight-holder', holder, tonumber(ARGV[2]), now)
end
return 0
`)
