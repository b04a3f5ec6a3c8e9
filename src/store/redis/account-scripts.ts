import { defineScript } from './script.ts'

/*
 * The keys of accounts:
 *   account:<id>       hash: data (JSON), revision, hash (of the credential)
 *   account-ids        hash: credential hash -> id
 *   account-changes    sorted set, all scores 0: <revision>:<id>, both padded, so that it is in the order of reading
 *   accounts-deleted   sorted set: id by the time of its deletion
 * The JSON is never read or written by a script: Lua makes objects of empty arrays.
 */
const rows = `
local function place(revision, id) return string.format('%016d:%016d', revision, id) end
local function remove(id)
  local row = call('HMGET', key('account', id), 'revision', 'hash')
  if not row[1] then return end
  call('ZREM', key('account-changes'), place(row[1], id))
  if call('HGET', key('account-ids'), row[2]) == id then call('HDEL', key('account-ids'), row[2]) end
  call('ZREM', key('accounts-deleted'), id)
  call('DEL', key('account', id))
end
local function write(id, revision, hash, data)
  call('HSET', key('account', id), 'data', data, 'revision', revision, 'hash', hash)
  call('HSET', key('account-ids'), hash, id)
  call('ZADD', key('account-changes'), 0, place(revision, id))
end
`

/**
 * Adds accounts by their credential hash: channel, instance, then hash and data of each. Answers with the id and the
 * outcome of each. Ids and the revision are taken in the same step, so that no reader can pass them by.
 */
export const addAccounts = defineScript(`${rows}
local revision = take('revision')
local answer = {}
local isChanged = false
for n = 3, #ARGV, 2 do
  local hash = ARGV[n]
  local id = call('HGET', key('account-ids'), hash)
  local outcome = 'added'
  if id then
    outcome = call('ZSCORE', key('accounts-deleted'), id) and 'revived' or 'existing'
  else
    id = take('account')
  end
  if outcome ~= 'existing' then
    isChanged = true
    remove(id)
    write(id, revision, hash, ARGV[n + 1])
  end
  answer[#answer + 1] = id
  answer[#answer + 1] = outcome
end
if isChanged then call('PUBLISH', ARGV[1], ARGV[2]) end
return answer
`)

/**
 * Replaces rows if all are as they were read: channel, instance, now, then id, expected revision, hash, status and data of
 * each. Answers \`saved\` and the revision, \`stale\` and the ids of the rows that others have changed, or \`taken\` if a
 * new credential belongs to another row; nothing is written then.
 */
export const saveAccounts = defineScript(`${rows}
local stale = { 'stale' }
local fresh = {}
local isTaken = false
for n = 4, #ARGV, 5 do
  local row = call('HMGET', key('account', ARGV[n]), 'revision', 'hash')
  local hash = ARGV[n + 2]
  if row[1] ~= ARGV[n + 1] then stale[#stale + 1] = ARGV[n] end
  if row[2] ~= hash then
    if fresh[hash] or call('HEXISTS', key('account-ids'), hash) == 1 then isTaken = true end
    fresh[hash] = true
  end
end
if #stale > 1 then return stale end
if isTaken then return { 'taken' } end
local revision = take('revision')
for n = 4, #ARGV, 5 do
  local id = ARGV[n]
  remove(id)
  write(id, revision, ARGV[n + 2], ARGV[n + 4])
  if ARGV[n + 3] == 'deleted' then call('ZADD', key('accounts-deleted'), ARGV[3], id) end
end
call('PUBLISH', ARGV[1], ARGV[2])
return { 'saved', revision }
`)

const readRow = `
local answer = {}
local function read(id)
  local row = call('HMGET', key('account', id), 'revision', 'data')
  if not row[1] then return end
  answer[#answer + 1] = id
  answer[#answer + 1] = row[1]
  answer[#answer + 1] = row[2]
end
`

/** Reads the rows of these ids that are there: id, revision and data of each. */
export const findAccounts = defineScript(`${readRow}
for n = 1, #ARGV do read(ARGV[n]) end
return answer
`)

/** Reads the rows after a cursor (revision, id) up to a limit: id, revision and data of each, oldest first. */
export const readAccountChanges = defineScript(`${rows}${readRow}
local from = '(' .. place(ARGV[1], ARGV[2])
for _, member in ipairs(call('ZRANGEBYLEX', key('account-changes'), from, '+', 'LIMIT', 0, ARGV[3])) do
  read(whole(tonumber(string.sub(member, 18))))
end
return answer
`)

/** Removes rows that were deleted before a time, up to a limit; answers how many. */
export const purgeAccounts = defineScript(`${rows}
local ids = call('ZRANGEBYSCORE', key('accounts-deleted'), '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do remove(id) end
return #ids
`)

/** How many rows are not deleted. */
export const countAccounts = defineScript(`
return call('HLEN', key('account-ids')) - call('ZCARD', key('accounts-deleted'))
`)
