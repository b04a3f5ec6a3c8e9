import type { RedisConnection } from './connection.ts'
import { parseList } from './replies.ts'

/** One entry of a log: its id, and what it is as JSON. */
export interface LogEntry {
  readonly id: number
  readonly text: string
}

/** Which entries are read. */
export interface LogPage {
  readonly limit: number
  readonly beforeId?: number | undefined
}

/** The newest entries of a log, those before an id if there is one. */
export async function listNewest(
  redis: RedisConnection,
  name: string,
  { limit, beforeId }: LogPage,
): Promise<readonly LogEntry[]> {
  const before = beforeId === undefined ? '+inf' : `(${beforeId}`
  const page = ['LIMIT', '0', String(limit)]
  const reply = await redis.send(['ZREVRANGEBYSCORE', redis.prefix + name, before, '-inf', ...page])
  return parseList(reply).map(parseEntry)
}

/** One entry of a log. */
export async function findEntry(
  redis: RedisConnection,
  name: string,
  id: number,
): Promise<LogEntry | undefined> {
  const reply = await redis.send(['ZRANGEBYSCORE', redis.prefix + name, String(id), String(id)])
  return parseList(reply).map(parseEntry)[0]
}

function parseEntry(member: string): LogEntry {
  const end = member.indexOf(':')
  return { id: Number(member.slice(0, end)), text: member.slice(end + 1) }
}
