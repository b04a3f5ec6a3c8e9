import { createClient, ErrorReply } from 'redis'
import { createLog, describeError } from '../../util/log.ts'
import { loadTlsOptions } from '../sql/tls-options.ts'
import type { RedisAddress } from './address.ts'

/** How long an answer is waited for. */
export const ANSWER_TIMEOUT_MS = 10_000

/** A command that could not be sent by then is not sent any more. */
const SEND_TIMEOUT_MS = 5000

/** How long one try to connect may take, and all tries of the first connection together. */
const CONNECT_TIMEOUT_MS = 5000
const OPEN_TIMEOUT_MS = 15_000

/** How often we ask whether the server is there, and how long an idle connection may be silent before it is given up. */
const PING_PAUSE_MS = 5000
const SILENCE_MS = 15_000

/** Tries of the first connection; later ones go on until it is closed, since whoever needs it is told by then. */
const FIRST_TRIES = 5
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/** What a server says that will be there soon. */
const SOON = /^(?:LOADING|MASTERDOWN|TRYAGAIN)/

const log = createLog('store')

/** How a connection names the place in its errors. */
function describePlace({ host, port }: RedisAddress): string {
  return `Redis at ${host}:${port}`
}

/** The server did not answer in time: the connection may be dead without having been closed. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
}

/** A client of the library, as we set it up. */
export type RedisClient = Awaited<ReturnType<typeof prepareClient>>

/** A client that is not connected yet. It gives up the first connection after some tries, and later ones never. */
async function prepareClient(address: RedisAddress) {
  const { host, port, tls, username, password, database } = address
  const place = { host, port, connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_MS }
  let isOpened = false
  const reconnectStrategy = (tries: number, cause: Error): number | Error => {
    const isFinal = cause instanceof ErrorReply && !SOON.test(cause.message)
    if (!isOpened && (isFinal || tries + 1 >= FIRST_TRIES)) return cause
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries)
  }
  const client = createClient({
    RESP: 2,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    pingInterval: PING_PAUSE_MS,
    commandOptions: { timeout: SEND_TIMEOUT_MS },
    maintNotifications: 'disabled',
    socket:
      tls.mode === 'off'
        ? { ...place, reconnectStrategy }
        : { ...place, reconnectStrategy, tls: true, ...(await loadTls(tls)) },
  })
  client.on('ready', () => {
    isOpened = true
  })
  // whoever sends a command is told there
  client.on('error', (error: unknown) =>
    log.warn('the connection to Redis broke', { error: describeError(error) }),
  )
  return client
}

async function loadTls(plan: Exclude<RedisAddress['tls'], { mode: 'off' }>) {
  const options = await loadTlsOptions(plan)
  return plan.check === 'authority' ? { ...options, checkServerIdentity: () => undefined } : options
}

/** Connects; throws an error that names the place, and never holds the password, if that fails. */
export async function connect(address: RedisAddress): Promise<RedisClient> {
  const client = await prepareClient(address)
  try {
    await within(OPEN_TIMEOUT_MS, client.connect())
    return client
  } catch (error) {
    if (client.isOpen) client.destroy()
    throw new Error(`${describePlace(address)} cannot be reached`, { cause: error })
  }
}

/** Gives what is sent already the time to be answered, then closes. */
export async function disconnect(client: RedisClient): Promise<void> {
  if (!client.isOpen) return
  try {
    if (!client.isReady) return client.destroy()
    await within(ANSWER_TIMEOUT_MS, client.close())
  } catch (error) {
    log.debug('a connection to Redis did not end well', { error: describeError(error) })
    if (client.isOpen) client.destroy()
  }
}

/** The answer, or an error if it takes longer. */
export async function within<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new SilenceError(`Redis did not answer within ${milliseconds} ms`)),
    milliseconds,
  )
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
