import { expect, test } from 'bun:test'
import { uploadFile } from './upload.ts'
import type { RestCall, RestCaller } from './rest-call.ts'

const identity = { credential: 'token', signal: new AbortController().signal }

async function upload(bytes: Uint8Array, answer: unknown) {
  const calls: RestCall[] = []
  const call: RestCaller = async (made) => {
    calls.push(made)
    return { status: 200, headers: new Headers(), body: Buffer.from(JSON.stringify(answer)) }
  }
  const file = { name: 'a "b" ü.txt', mediaType: 'text/plain', bytes, timeoutSeconds: 60 }
  const placed = await uploadFile(call, identity, file)
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
