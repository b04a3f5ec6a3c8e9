import { createLog, describeError } from '../../util/log.ts'
import type { RedisConnection } from './connection.ts'
import { parseNumber } from './replies.ts'
import { defineScript } from './script.ts'

/** The version of the layout of our keys; it grows when older programs must not touch them any more. */
const LAYOUT = 1

const log = createLog('store')

/** Marks a place that nobody has used yet with a version of the layout: version. Answers the version that it is at. */
const markLayout = defineScript(`
call('SETNX', key('layout'), ARGV[1])
return call('GET', key('layout'))
`)

/** Throws if a newer version of this program has written there; warns if the server may throw our data away. */
export async function checkLayout(redis: RedisConnection): Promise<void> {
  const layout = parseNumber(await redis.run(markLayout, [LAYOUT]))
  if (layout > LAYOUT) throw new Error(`the data in Redis are those of a newer version (layout ${layout})`)
  const policy = await readEvictionPolicy(redis)
  if (policy !== undefined && policy !== 'noeviction') {
    log.warn('Redis throws data away when its memory is full: set maxmemory-policy to noeviction', { policy })
  }
}

async function readEvictionPolicy(redis: RedisConnection): Promise<string | undefined> {
  try {
    const reply = await redis.send(['INFO', 'memory'])
    return typeof reply === 'string' ? /maxmemory_policy:(\S+)/.exec(reply)?.[1] : undefined
  } catch (error) {
    // some hosts do not tell
    log.debug('Redis does not tell about its memory', { error: describeError(error) })
    return undefined
  }
}
