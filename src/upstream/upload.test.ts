import { expect, test } from 'bun:test'
import { uploadForm, uploadJson } from './upload.ts'
import type { RestCall, RestCaller } from './rest-call.ts'

const identity = { credential: 'token', signal: new AbortController().signal }

/** An upstream that gives one answer, and the calls that it got. */
function answering(answer: unknown) {
  const calls: RestCall[] = []
  const call: RestCaller = async (made) => {
    calls.push(made)
    return { status: 200, headers: new Headers(), body: Buffer.from(JSON.stringify(answer)) }
  }
  return { calls, call }
}

async function upload(bytes: Uint8Array, answer: unknown) {
  const { calls, call } = answering(answer)
  const file = { name: 'a "b" ü.txt', mediaType: 'text/plain', bytes, timeoutSeconds: 60 }
  const placed = await uploadJson(call, identity, file)
  const { body = '', ...sent } = calls[0] ?? {}
  return { ...placed, sent, body: JSON.parse(Buffer.from(body).toString()) }
}

test('an upload is JSON with base64, and its id is that of the metadata', async () => {
  const { id, sent, body } = await upload(Buffer.from('hello'), { fileMetadataId: 'm', fileId: 'f' })
  expect(id).toBe('m')
  expect(sent).toEqual({ method: 'POST', path: '/rest/app-chat/upload-file', timeoutSeconds: 60 })
  expect(body).toEqual({ fileName: 'a "b" ü.txt', fileMimeType: 'text/plain', content: 'aGVsbG8=' })
})

test.each([0, 1, 2, 3, 196_607, 196_608, 196_609, 1_000_000])('%d bytes arrive as they are', async (size) => {
  const bytes = Buffer.alloc(size, 'bytes ü ').subarray(0)
  const { id, body } = await upload(bytes, { fileId: 'f' })
  expect(id).toBe('f')
  expect(Buffer.from(body.content, 'base64').equals(bytes)).toBe(true)
})

test('where the bytes lie is told as the upstream words it, or null', async () => {
  const answer = { fileMetadataId: 'm', fileUri: 'users/u/m/content' }
  expect(await upload(Buffer.from('x'), answer)).toMatchObject({ uri: 'users/u/m/content' })
  expect(await upload(Buffer.from('x'), { fileId: 'f', fileUri: '' })).toMatchObject({ uri: null })
})

test('an answer without an id is a failure of the upstream', async () => {
  await expect(upload(Buffer.from('x'), {})).rejects.toMatchObject({ code: 'upstream_unavailable' })
})

async function uploadAsForm(answer: unknown, isForEdit = false) {
  const { calls, call } = answering(answer)
  const file = { name: 'a.png', mediaType: 'image/png', bytes: Buffer.from('bytes'), timeoutSeconds: 60 }
  const placed = await uploadForm(call, identity, { ...file, isForEdit })
  return { placed, sent: calls[0], body: Buffer.from(calls[0]?.body ?? '').toString() }
}

const metadata = { fileMetadataId: 'm', fileId: 'f', fileUri: 'users/u/m/content' }

test('a form says neither which request it is nor who signed it', async () => {
  const { placed, sent, body } = await uploadAsForm({ uploadId: 'u', fileMetadata: metadata })
  expect(placed).toEqual({ id: 'm', uri: 'users/u/m/content' })
  expect(sent).toMatchObject({ path: '/http/upload-file-v2/direct', refererPath: '/' })
  expect(sent?.headers).toMatchObject({ 'x-xai-request-id': undefined, 'x-statsig-id': undefined })
  expect(body).not.toContain('file_source')
})

test('a form for an edit names its source, and needs the id of its metadata', async () => {
  const { sent, body } = await uploadAsForm({ fileMetadata: metadata }, true)
  expect(sent?.refererPath).toBe('/imagine')
  expect(body).toContain('name="file_source"\r\n\r\nIMAGINE_SELF_UPLOAD_FILE_SOURCE\r\n')
  const without = uploadAsForm({ uploadId: 'u', fileMetadata: { fileId: 'f' } }, true)
  await expect(without).rejects.toMatchObject({ code: 'upstream_unavailable' })
})

test('a slow upload has only the id of the upload', async () => {
  const { placed } = await uploadAsForm({ uploadId: 'u', terminalError: null })
  expect(placed).toEqual({ id: 'u', uri: null })
})

test.each([['bad file'], [{ code: 'UNSUPPORTED_FILE', message: 'bad file' }], [['x']], [true], [1]])(
  'a form that is answered with the terminal error %j was refused',
  async (terminalError) => {
    const refused = uploadAsForm({ uploadId: 'u', terminalError, fileMetadata: metadata })
    await expect(refused).rejects.toMatchObject({ code: 'upstream_rejected' })
  },
)

test.each([
  ['Content violates usage guidelines', 'content_policy'],
  [{ message: 'Too many requests' }, 'rate_limited'],
  [{ error: { code: 8, message: 'Try later' } }, 'rate_limited'],
])('the terminal error %j is told as %s', async (terminalError, code) => {
  await expect(uploadAsForm({ terminalError })).rejects.toMatchObject({ code })
})

test('what a terminal error says is evidence, in short, and not for callers', async () => {
  const said = `the file is odd ${'x'.repeat(1_000_000)}`
  for (const terminalError of [said, { error: { message: said } }, { why: said }]) {
    const refused = uploadAsForm({ terminalError })
    await expect(refused).rejects.toMatchObject({
      code: 'upstream_rejected',
      message: 'The upstream did not take the file.',
      cause: expect.stringContaining('the file is odd'),
    })
    const failure: unknown = await refused.catch((error: unknown) => error)
    expect(String(failure instanceof Error && failure.cause).length).toBeLessThan(300)
  }
})

test.each([[null], [false], [0], [''], [{}], [[]]])('%j is no terminal error', async (terminalError) => {
  expect((await uploadAsForm({ terminalError, fileMetadata: metadata })).placed.id).toBe('m')
})
