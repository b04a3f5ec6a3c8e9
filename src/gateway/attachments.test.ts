import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import type { RestCall, RestCaller } from '../upstream/rest-call.ts'
import {
  createAttachments,
  type AttachmentSettings,
  type LoadedFile,
  type UploadTarget,
} from './attachments.ts'
import { withFiles } from './with-files.ts'

const HOUR_MS = 3_600_000

const file = (name: string): LoadedFile => ({
  name,
  mediaType: 'text/plain',
  bytes: Buffer.from(`content of ${name}`),
  hash: `hash of ${name}`,
})
const target = (accountId: number, signal = new AbortController().signal): UploadTarget => ({
  accountId,
  credential: `token-${accountId}`,
  signal,
})

/** An upstream that gives ids in turn; `hold` keeps uploads waiting, `fail` makes the next one fail. */
function setUp(settings: Partial<AttachmentSettings> = {}) {
  const calls: RestCall[] = []
  const state = { now: 0, running: 0, most: 0, failure: undefined as GatewayError | undefined }
  let held: PromiseWithResolvers<void> | undefined
  const work: Promise<unknown>[] = []
  const call: RestCaller = async (made, { signal }) => {
    calls.push(made)
    const id = `file-${calls.length}`
    state.most = Math.max(state.most, ++state.running)
    const left = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => left.reject(new GatewayError('client_closed', 'left')))
    try {
      await Promise.race([held?.promise ?? Bun.sleep(0), left.promise])
    } finally {
      state.running--
    }
    if (state.failure) throw state.failure
    return { status: 200, headers: new Headers(), body: Buffer.from(JSON.stringify({ fileMetadataId: id })) }
  }
  const attachments = createAttachments({
    call,
    fetchRemote: () => Promise.reject(new Error('nothing to fetch')),
    background: { run: (_, run) => void work.push(run(new AbortController().signal)) },
    clock: () => state.now,
    settings: () => ({
      protocol: 'rest',
      uploadTimeoutSeconds: 1,
      deleteTimeoutSeconds: 1,
      deletesUploads: false,
      ...settings,
    }),
    uploadConcurrency: 10,
  })
  const hold = (): PromiseWithResolvers<void> => (held = Promise.withResolvers<void>())
  return { attachments, calls, state, hold, settle: () => Promise.all(work) }
}

describe('an upload', () => {
  test('is made once per account and content, for an hour', async () => {
    const { attachments, state } = setUp()
    const files = [file('a'), file('b')]
    expect(await attachments.upload(files, target(1))).toEqual(['file-1', 'file-2'])
    expect(await attachments.upload(files.toReversed(), target(1))).toEqual(['file-2', 'file-1'])
    expect(await attachments.upload(files, target(2))).toEqual(['file-3', 'file-4'])
    state.now += HOUR_MS
    expect(await attachments.upload([file('a')], target(1))).toEqual(['file-5'])
  })

  test('serves all who ask for it meanwhile', async () => {
    const { attachments, calls, hold } = setUp()
    const held = hold()
    const both = Promise.all([1, 2].map(() => attachments.upload([file('a')], target(1))))
    held.resolve()
    expect(await both).toEqual([['file-1'], ['file-1']])
    expect(calls.length).toBe(1)
  })

  test('goes on for those who stay when the one who began it leaves', async () => {
    const { attachments, hold } = setUp()
    const held = hold()
    const leaving = new AbortController()
    const first = attachments.upload([file('a')], target(1, leaving.signal))
    const second = attachments.upload([file('a')], target(1))
    leaving.abort()
    await expect(first).rejects.toMatchObject({ code: 'client_closed' })
    held.resolve()
    expect(await second).toEqual(['file-2'])
  })

  test('of somebody else is not waited for by those who leave', async () => {
    const { attachments, hold } = setUp()
    const held = hold()
    const leaving = new AbortController()
    const first = attachments.upload([file('a')], target(1))
    const second = attachments.upload([file('a')], target(1, leaving.signal))
    leaving.abort()
    await expect(second).rejects.toMatchObject({ code: 'client_closed' })
    held.resolve()
    expect(await first).toEqual(['file-1'])
  })

  test('that failed is not remembered', async () => {
    const { attachments, state } = setUp()
    state.failure = new GatewayError('rate_limited', 'slow down')
    await expect(attachments.upload([file('a')], target(1))).rejects.toThrow('slow down')
    state.failure = undefined
    expect(await attachments.upload([file('a')], target(1))).toEqual(['file-2'])
  })

  test('is one of four at a time in a request', async () => {
    const { attachments, state } = setUp()
    await attachments.upload(
      Array.from({ length: 8 }, (_, n) => file(`${n}`)),
      target(1),
    )
    expect(state.most).toBe(4)
  })

  test('is one of ten at a time in a process', async () => {
    const { attachments, state } = setUp()
    const files = Array.from({ length: 8 }, (_, n) => file(`${n}`))
    await Promise.all([1, 2, 3, 4].map((accountId) => attachments.upload(files, target(accountId))))
    expect(state.most).toBe(10)
  })
})

describe('files that the account does not know any more', () => {
  const unknown = new GatewayError('upstream_rejected', 'no', { upstreamStatus: 404 })
  async function* failing(failure: GatewayError, afterBatches = 0) {
    for (let n = 0; n < afterBatches; n++) yield []
    throw failure
  }
  const run = async (open: Parameters<typeof withFiles<object>>[2], parts = setUp()) => {
    const batches = await Array.fromAsync(
      withFiles(parts.attachments, { files: [file('a')], target: target(1) }, open),
    )
    return { batches, calls: parts.calls }
  }

  test('are sent once more', async () => {
    const named: (readonly string[])[] = []
    const answer = [{ type: 'text-delta', text: 'hi' } as const]
    const { batches } = await run(async function* (placed) {
      named.push(placed.map(({ id }) => id))
      if (named.length === 1) throw unknown
      yield answer
    })
    expect([named, batches]).toEqual([[['file-1'], ['file-2']], [answer]])
  })

  test('are not sent a third time', async () => {
    const parts = setUp()
    await expect(run(() => failing(unknown), parts)).rejects.toBe(unknown)
    expect(parts.calls.length).toBe(2)
    expect(await parts.attachments.upload([file('a')], target(1))).toEqual(['file-3'])
  })

  test.each([
    ['after the answer has begun', unknown, 1],
    ['for another failure', new GatewayError('upstream_rejected', 'no', { upstreamStatus: 400 }), 0],
  ])('are not sent again %s', async (_, failure, afterBatches) => {
    const parts = setUp()
    await expect(run(() => failing(failure, afterBatches), parts)).rejects.toBe(failure)
    expect(parts.calls.length).toBe(1)
  })
})

describe('with features.delete_uploads', () => {
  test('files are put up for each answer and deleted after it, also when its caller leaves', async () => {
    const { attachments, calls, settle } = setUp({ deletesUploads: true })
    const ask = async (): Promise<void> => {
      const open = async function* () {
        yield []
        yield []
      }
      const stream = withFiles(attachments, { files: [file('a')], target: target(1) }, open)
      await stream.next()
      await stream.return(undefined)
    }
    await ask()
    await settle()
    await ask()
    await settle()
    expect(calls.map(({ method, path }) => [method, path.split('/').at(-1)])).toEqual([
      ['POST', 'upload-file'],
      ['DELETE', 'file-1'],
      ['POST', 'upload-file'],
      ['DELETE', 'file-3'],
    ])
  })
})
