import type { TokenJob, TokenResult } from './token-worker.ts'

/** Counts o200k tokens on another thread, which starts (and loads the vocabulary) at the first job. */
export interface WorkerTokenizer {
  count(text: string): Promise<number>
  /** The longest beginning of the text that has at most so many tokens. */
  truncate(text: string, maxTokens: number): Promise<string>
  /** Stops the thread; jobs that wait are rejected. */
  close(): void
}

interface Waiting {
  readonly resolve: (result: TokenResult) => void
  readonly reject: (reason: Error) => void
}

/** A tokenizer that is closed with its worker. */
export function createWorkerTokenizer(): WorkerTokenizer {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let lastId = 0

  const start = (): Worker => {
    const started = new Worker(new URL('token-worker.ts', import.meta.url))
    started.unref()
    started.addEventListener('message', ({ data }: MessageEvent<TokenResult>) => {
      waiting.get(data.id)?.resolve(data)
      waiting.delete(data.id)
    })
    started.addEventListener('error', ({ message }) => abandon(`the tokenizer failed: ${message}`))
    return started
  }
  const abandon = (reason: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(reason))
    waiting.clear()
    worker?.terminate()
    worker = undefined // the next job starts a new one
  }
  const run = (job: Omit<TokenJob, 'id'>): Promise<TokenResult> => {
    worker ??= start()
    const id = ++lastId
    const { promise, resolve, reject } = Promise.withResolvers<TokenResult>()
    waiting.set(id, { resolve, reject })
    worker.postMessage({ ...job, id })
    return promise
  }
  return {
    count: async (text) => (text === '' ? 0 : (await run({ text })).count),
    truncate: async (text, maxTokens) =>
      maxTokens <= 0 ? '' : ((await run({ text, maxTokens })).text ?? ''),
    close: () => abandon('the tokenizer was closed'),
  }
}
