import { ErrorReply } from 'redis'
import { createLog, describeError } from '../../util/log.ts'
import type { RedisAddress } from './address.ts'
import { ANSWER_TIMEOUT_MS, connect, disconnect, SilenceError, within, type RedisClient } from './client.ts'
import type { RedisScript } from './script.ts'

const log = createLog('store')

/** What a connection may be told beside its address. */
export interface ConnectionOptions {
  /** What all our keys begin with. */
  readonly prefix: string
  readonly answerTimeoutMs?: number | undefined
}

/** The connection to one Redis, shared by all stores; what they change is told on a channel. */
export class RedisConnection {
  /** What all our keys begin with. */
  readonly prefix: string
  /** Tells this opening from all others. */
  readonly instance = crypto.randomUUID()
  readonly #address: RedisAddress
  readonly #answerTimeoutMs: number
  readonly #client: RedisClient
  #isClosed = false
  readonly #listeners = new Set<RedisClient>()

  private constructor(address: RedisAddress, options: ConnectionOptions, client: RedisClient) {
    this.#address = address
    this.prefix = options.prefix
    this.#answerTimeoutMs = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS
    this.#client = client
  }

  /** Connects; throws an error that names the place, and never holds the password, if that fails. */
  static async open(address: RedisAddress, options: ConnectionOptions): Promise<RedisConnection> {
    return new RedisConnection(address, options, await connect(address))
  }

  /** Where changes are told of; channels know no databases, so that the name has the number in it. */
  get channel(): string {
    return `${this.prefix}changes:${this.#address.database}`
  }

  /** Sends one command. */
  async send(command: readonly string[]): Promise<unknown> {
    try {
      return await within(this.#answerTimeoutMs, this.#client.sendCommand<unknown>(command))
    } catch (error) {
      if (error instanceof SilenceError) this.#replaceSilent()
      throw error
    }
  }

  /** Answers come in order, so that all others would wait for nothing, too: they are told so, and it connects anew. */
  #replaceSilent(): void {
    if (this.#isClosed || !this.#client.isReady) return
    this.#client.destroy()
    this.#client.connect().catch((error: unknown) => {
      if (!this.#isClosed) log.error('cannot connect to Redis any more', { error: describeError(error) })
    })
  }

  /** Runs a script; the server is given its text only if it has not seen it. */
  async run(script: RedisScript, args: readonly (string | number)[]): Promise<unknown> {
    const rest = ['1', this.prefix, ...args.map(String)]
    try {
      return await this.send(['EVALSHA', script.sha, ...rest])
    } catch (error) {
      if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error
      return this.send(['EVAL', script.text, ...rest])
    }
  }

  async ping(): Promise<void> {
    await this.send(['PING'])
  }

  /**
   * Listens on a connection of its own and calls back when another instance has changed something, and after each
   * reconnection, since something may have been missed.
   */
  async watch(onChange: () => void): Promise<() => Promise<void>> {
    const client = await connect(this.#address)
    this.#listeners.add(client)
    const stop = async (): Promise<void> => {
      this.#listeners.delete(client)
      await disconnect(client)
    }
    try {
      await within(
        ANSWER_TIMEOUT_MS,
        client.subscribe(this.channel, (sender) => {
          if (sender !== this.instance) onChange()
        }),
      )
    } catch (error) {
      await stop()
      throw error
    }
    client.on('ready', onChange) // it subscribes again by itself
    return stop
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#listeners, this.#client].map(disconnect))
    this.#listeners.clear()
  }
}
