import type { Duplex } from 'node:stream'

/** The head of an HTTP message, and what came after it. */
export interface Head {
  /** Without its empty line. */
  readonly head: string
  readonly rest: Buffer
}

const MAX_HEAD_BYTES = 64 * 1024
const END = '\r\n\r\n'

/** Reads up to the end of the first HTTP head; the stream is paused then. Rejects if it does not come in time. */
export function readHead(stream: Duplex, timeoutMs: number): Promise<Head> {
  const { promise, resolve, reject } = Promise.withResolvers<Head>()
  let read = Buffer.alloc(0)
  const timer = setTimeout(() => fail('no answer in time'), timeoutMs)
  const stop = (): void => {
    clearTimeout(timer)
    stream.off('data', take)
    stream.off('close', leave)
    stream.pause()
  }
  const fail = (reason: string): void => {
    stop()
    reject(new Error(reason))
  }
  const leave = (): void => fail('the connection was closed')
  const take = (chunk: Buffer): void => {
    read = Buffer.concat([read, chunk])
    const end = read.indexOf(END)
    if (end < 0) return read.length > MAX_HEAD_BYTES ? fail('the head is too long') : undefined
    stop()
    resolve({ head: read.toString('latin1', 0, end), rest: read.subarray(end + END.length) })
  }
  stream.on('data', take)
  stream.on('close', leave)
  return promise
}
