import { Client, type ClientConfig } from 'pg'
import { createLog, describeError } from '../../util/log.ts'
import { CHANGES_CHANNEL } from './database.ts'

/** Pause before the first try to connect again; it doubles up to the longest. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

const log = createLog('store')

/**
 * Listens on a connection of its own and calls back when another instance has changed something, and after each
 * reconnection, since something may have been missed. Rejects if the first connection fails.
 */
export async function listen(
  config: ClientConfig,
  instance: string,
  onChange: () => void,
): Promise<() => Promise<void>> {
  const listener = new Listener(config, instance, onChange)
  await listener.open()
  return () => listener.close()
}

class Listener {
  readonly #config: ClientConfig
  readonly #instance: string
  readonly #onChange: () => void
  readonly #abort = new AbortController()
  #client: Client | undefined
  #reopening: Promise<void> = Promise.resolve()

  constructor(config: ClientConfig, instance: string, onChange: () => void) {
    this.#config = config
    this.#instance = instance
    this.#onChange = onChange
  }

  async open(): Promise<void> {
    const client = new Client(this.#config)
    client.on('notification', ({ payload }) => {
      if (payload !== this.#instance) this.#onChange()
    })
    // a connection that breaks says `error`, `end`, or both
    client.on('error', () => this.#lose(client))
    client.on('end', () => this.#lose(client))
    try {
      await client.connect()
      await client.query(`listen ${CHANGES_CHANNEL}`)
    } catch (error) {
      await end(client)
      throw error
    }
    if (this.#abort.signal.aborted) return end(client)
    this.#client = client
  }

  async close(): Promise<void> {
    this.#abort.abort()
    const client = this.#client
    this.#client = undefined
    if (client) await end(client)
    await this.#reopening
  }

  #lose(client: Client): void {
    if (client !== this.#client) return
    this.#client = undefined
    this.#reopening = this.#reopen()
  }

  /** Tries until it is connected or closed: changes are also polled for, so there is nothing to give up for. */
  async #reopen(): Promise<void> {
    for (
      let pauseMs = FIRST_PAUSE_MS;
      !this.#abort.signal.aborted;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    ) {
      await pause(pauseMs, this.#abort.signal)
      if (this.#abort.signal.aborted) return
      try {
        await this.open()
        this.#onChange()
        return
      } catch (error) {
        log.warn('cannot listen for changes at PostgreSQL', { error: describeError(error) })
      }
    }
  }
}

async function end(client: Client): Promise<void> {
  try {
    await client.end()
  } catch (error) {
    log.debug('a connection to PostgreSQL did not end well', { error: describeError(error) })
  }
}

/** Resolves after the time, or when the signal fires. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  timer.unref()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => clearTimeout(timer))
}
