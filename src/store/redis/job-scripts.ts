import { defineScript } from './script.ts'

/*
 * The keys of jobs:
 *   job:<id>            hash: the fields of a job, and its number in the order of creation
 *   job-subjects:<id>   list: what its items are about (JSON)
 *   job-results:<id>    hash: index -> + or - and the detail (JSON)
 *   jobs, jobs-open     sorted sets: id by number; those that have not ended are in both
 *   jobs-ended          sorted set: id by the time of its end
 */

/** Creates a job: now, id, kind, owner, input, then its subjects. Answers its fields, or nothing if it is there already. */
export const createJob = defineScript(`
local now, id = ARGV[1], ARGV[2]
local job = key('job', id)
if call('EXISTS', job) == 1 then return {} end
local number = take('job')
call('HSET', job, 'id', id, 'kind', ARGV[3], 'owner', ARGV[4], 'status', 'queued', 'input', ARGV[5], 'output', 'null',
  'total', #ARGV - 5, 'succeeded', 0, 'failed', 0, 'cancelRequested', 0, 'holder', '', 'until', 0,
  'createdAt', now, 'updatedAt', now, 'endedAt', '')
for n = 6, #ARGV do call('RPUSH', key('job-subjects', id), ARGV[n]) end
call('ZADD', key('jobs'), number, id)
call('ZADD', key('jobs-open'), number, id)
return call('HGETALL', job)
`)

/** Takes the oldest free job: holder, until, now, then the kinds. Answers its fields, or nothing. */
export const claimJob = defineScript(`
local PAGE = 100
local now = tonumber(ARGV[3])
local isWanted = {}
for n = 4, #ARGV do isWanted[ARGV[n]] = true end
local start = 0
while true do
  local ids = call('ZRANGE', key('jobs-open'), start, start + PAGE - 1)
  if #ids == 0 then return {} end
  for _, id in ipairs(ids) do
    local job = key('job', id)
    local row = call('HMGET', job, 'kind', 'status', 'until')
    if isWanted[row[1]] and (row[2] == 'queued' or tonumber(row[3]) <= now) then
      call('HSET', job, 'status', 'running', 'holder', ARGV[1], 'until', ARGV[2], 'updatedAt', ARGV[3])
      return call('HGETALL', job)
    end
  end
  start = start + PAGE
end
`)

const held = `
local job = key('job', ARGV[1])
local row = call('HMGET', job, 'status', 'holder', 'total')
local isHeld = row[1] == 'running' and row[2] == ARGV[2]
`

/** Prolongs the lease of a job: id, holder, until, now. Answers its fields, or nothing if it is not the holder's. */
export const beatJob = defineScript(`${held}
if not isHeld then return {} end
call('HSET', job, 'until', ARGV[3], 'updatedAt', ARGV[4])
return call('HGETALL', job)
`)

/** Writes results: id, holder, now, then index, + or - with the detail. Answers 0 if the job is not the holder's. */
export const recordResults = defineScript(`${held}
if not isHeld then return 0 end
for n = 4, #ARGV, 2 do
  local index = tonumber(ARGV[n])
  local isNew = index >= 0 and index < tonumber(row[3])
    and call('HSETNX', key('job-results', ARGV[1]), ARGV[n], ARGV[n + 1]) == 1
  if isNew then
    call('HINCRBY', job, string.sub(ARGV[n + 1], 1, 1) == '+' and 'succeeded' or 'failed', 1)
  end
end
call('HSET', job, 'updatedAt', ARGV[3])
return 1
`)

const ending = `
local function finish(job, id, now, status)
  call('HSET', job, 'status', status, 'holder', '', 'until', 0, 'endedAt', now)
  call('ZREM', key('jobs-open'), id)
  call('ZADD', key('jobs-ended'), now, id)
end
`

/** Ends a job: id, holder, now, status, output. Answers 0 if it is not the holder's. */
export const endJob = defineScript(`${held}${ending}
if not isHeld then return 0 end
call('HSET', job, 'output', ARGV[5], 'updatedAt', ARGV[3])
finish(job, ARGV[1], ARGV[3], ARGV[4])
return 1
`)

/** Asks for the end of a job: id, now. Answers its fields, or nothing if there is none. */
export const cancelJob = defineScript(`${ending}
local job = key('job', ARGV[1])
local row = call('HMGET', job, 'status', 'endedAt')
if not row[1] then return {} end
if row[2] == '' then
  call('HSET', job, 'cancelRequested', 1, 'updatedAt', ARGV[2])
  if row[1] == 'queued' then finish(job, ARGV[1], ARGV[2], 'cancelled') end
end
return call('HGETALL', job)
`)

/**
 * Reads items of a job: id, first index, limit, wanted result (empty for any, \`.\` for none yet, + or -). Answers index,
 * subject and result (empty if none yet) of each, in order.
 */
export const listJobItems = defineScript(`
local PAGE = 500
local start, limit, wanted = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local answer = {}
while #answer < limit * 3 do
  local subjects = call('LRANGE', key('job-subjects', ARGV[1]), start, start + PAGE - 1)
  if #subjects == 0 then return answer end
  for n = 1, #subjects do
    local index = whole(start + n - 1)
    local result = call('HGET', key('job-results', ARGV[1]), index) or ''
    local sign = result == '' and '.' or string.sub(result, 1, 1)
    if #answer < limit * 3 and (wanted == '' or wanted == sign) then
      answer[#answer + 1] = index
      answer[#answer + 1] = subjects[n]
      answer[#answer + 1] = result
    end
  end
  start = start + PAGE
end
return answer
`)

/** Removes jobs that ended before a time, with their items, up to a limit; answers how many. */
export const pruneJobs = defineScript(`
local ids = call('ZRANGEBYSCORE', key('jobs-ended'), '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  call('DEL', key('job', id), key('job-subjects', id), key('job-results', id))
  call('ZREM', key('jobs'), id)
  call('ZREM', key('jobs-ended'), id)
end
return #ids
`)

/** Removes one job if it has ended, with its items; answers how many that were. */
export const removeJob = defineScript(`
local id = ARGV[1]
if call('ZREM', key('jobs-ended'), id) == 0 then return 0 end
call('DEL', key('job', id), key('job-subjects', id), key('job-results', id))
call('ZREM', key('jobs'), id)
return 1
`)
