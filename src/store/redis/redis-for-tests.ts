import { createClient } from 'redis'
import type { TestDatabase } from '../sql/servers-for-tests.ts'

/** Databases of a server as it is without a configuration; the first one says who uses which. */
const DATABASES = 16

/** How long a database is kept for a test that did not come to its end, in seconds. */
const RESERVED_SECONDS = 600

/** For tests: the variable that says where Redis is, and what it says. */
export const redisForTests = { variable: 'TEST_REDIS_URL', url: process.env['TEST_REDIS_URL'] }

/** For tests: sends commands to Redis on a connection of their own; returns the answers. */
export async function sendToRedis(url: string, commands: readonly (readonly string[])[]): Promise<unknown[]> {
  const client = createClient({ url, RESP: 2 })
  await client.connect()
  const answers: unknown[] = []
  for (const command of commands) answers.push(await client.sendCommand(command))
  await client.close()
  return answers
}

/** For tests: a database of the Redis at `url` that nobody else uses, by its number. */
export async function createRedisDatabase(url: string): Promise<TestDatabase> {
  for (let number = 1; number < DATABASES; number++) {
    const reservation = `test-database:${number}`
    const reserve = ['SET', reservation, '1', 'NX', 'EX', String(RESERVED_SECONDS)]
    const [reserved] = await sendToRedis(url, [reserve])
    if (reserved === null) continue
    const own = new URL(url)
    own.pathname = `/${number}`
    const empty = async (): Promise<void> => void (await sendToRedis(own.href, [['FLUSHDB']]))
    await empty()
    const drop = async (): Promise<void> => {
      await empty()
      await sendToRedis(url, [['DEL', reservation]])
    }
    return { url: own.href, empty, drop }
  }
  throw new Error('all databases of the Redis for tests are in use')
}
