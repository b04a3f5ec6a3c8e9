import { defineScript } from './script.ts'

/*
 * Logs that only grow at one end are sorted sets: <id>:<JSON> by id. The audit log has one more, of the ids by time.
 */

/** Appends to the history of the settings: JSON. Answers the id. */
export const appendRevision = defineScript(`
local id = take('settings-revision')
call('ZADD', key('settings-history'), id, id .. ':' .. ARGV[1])
return id
`)

/** Appends to the audit log: time, JSON. Answers the id. */
export const appendAudit = defineScript(`
local id = take('audit')
call('ZADD', key('audit'), id, id .. ':' .. ARGV[2])
call('ZADD', key('audit-times'), ARGV[1], id)
return id
`)

/** Removes from the audit log what is older than a time, up to a limit; answers how many. */
export const pruneAudit = defineScript(`
local ids = call('ZRANGEBYSCORE', key('audit-times'), '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  call('ZREMRANGEBYSCORE', key('audit'), id, id)
  call('ZREM', key('audit-times'), id)
end
return #ids
`)
