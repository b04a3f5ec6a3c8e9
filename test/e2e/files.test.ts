import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { ChatCompletionContentPart } from 'openai/resources'
import { sampleFiles } from '../../src/media/sample-files-for-tests.ts'
import { eventually } from '../harness/eventually.ts'
import type { TestGateway } from '../harness/gateway.ts'
import { readJson } from '../harness/json.ts'
import { readSse } from '../harness/sse.ts'
import { onBothProtocols } from '../harness/protocols.ts'

onBothProtocols('files in a conversation', (protocol) => {
  const PATH = '/v1/chat/completions'
  const UPLOAD = protocol.uploadPath
  const TOKEN = 'token-super'
  const png = sampleFiles['image/png']

  let gateway: TestGateway
  /** Files that differ, so that no test finds those of another at the account. */
  let made = 0

  beforeAll(async () => {
    gateway = await protocol.start({ accounts: [{ token: TOKEN, tier: 'super' }] })
  })
  afterEach(async () => {
    await gateway.emulator.clearFaults()
    await gateway.emulator.clearRequests()
  })
  afterAll(() => gateway.stop())

  const newPng = (): Buffer => Buffer.concat([png, Buffer.from(`picture ${++made}`)])
  const dataUri = (bytes: Uint8Array | string, type = 'image/png'): string =>
    `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
  const picture = (url: string): ChatCompletionContentPart => ({ type: 'image_url', image_url: { url } })
  const document = (file_data: string, filename?: string): ChatCompletionContentPart => ({
    type: 'file',
    file: { file_data, ...(filename !== undefined && { filename }) },
  })

  const ask = (parts: readonly ChatCompletionContentPart[], more: object = {}) => ({
    model: 'grok-4.20-fast',
    messages: [{ role: 'user', content: [{ type: 'text', text: '[[multimodal]] What is this?' }, ...parts] }],
    ...more,
  })

  const uploads = () => protocol.uploaded(gateway)
  const attached = async () => (await protocol.asked(gateway)).map(({ fileIds }) => fileIds)

  interface Chunk {
    readonly choices: readonly { readonly delta: { readonly content?: string } }[]
  }

  async function textOf(body: object): Promise<string> {
    const response = await gateway.post(PATH, body)
    expect(response.status).toBe(200)
    const { choices } = await readJson<{ choices: { message: { content: string } }[] }>(response)
    return choices[0]?.message.content ?? ''
  }

  describe('200', () => {
    test('a picture and a document are put up as they are, named in the question, and seen by the model', async () => {
      const bytes = newPng()
      const pdf = sampleFiles['application/pdf']
      const text = await textOf(
        ask([picture(dataUri(bytes)), document(pdf.toString('base64'), 'Annual report.pdf')]),
      )
      expect(await uploads()).toEqual(
        expect.arrayContaining([
          { name: 'file.png', mediaType: 'image/png', sizeBytes: bytes.length },
          { name: 'Annual report.pdf', mediaType: 'application/pdf', sizeBytes: pdf.length },
        ]),
      )
      expect(text).toContain('Annual report.pdf')
      expect(text.indexOf('file.png')).toBeLessThan(text.indexOf('Annual report.pdf'))
      expect((await attached())[0]).toHaveLength(2)
    })

    test('a stream has them, too', async () => {
      const response = await gateway.post(PATH, ask([picture(dataUri(newPng()))], { stream: true }))
      const { events } = await readSse(response)
      const deltas = events.slice(0, -1).map(({ data }): Chunk => JSON.parse(data))
      expect(deltas.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toContain('file.png')
    })

    test('a history is not put up again at the next turn', async () => {
      const first = ask([picture(dataUri(newPng()))])
      await textOf(first)
      const history = [...first.messages, { role: 'assistant', content: 'A cat.' }]
      await textOf({ ...first, messages: [...history, { role: 'user', content: 'And now?' }] })
      await textOf({ ...first, messages: [...history, ...first.messages] })
      expect((await uploads()).length).toBe(1)
      const ids = await attached()
      expect(ids[0]).toHaveLength(1)
      expect(ids).toEqual(Array.from({ length: 3 }, () => ids[0] ?? []))
    })

    test('a file that the account has lost is put up again', async () => {
      const question = ask([picture(dataUri(newPng()))])
      await textOf(question)
      const action =
        protocol.name === 'rest'
          ? ({ type: 'http', kind: 'not-found' } as const)
          : ({ type: 'in-band-error', code: 5, message: 'Attached file not found' } as const)
      await gateway.emulator.addFault({ path: protocol.path, times: 1, action })
      await textOf(question)
      const [first, lost, again] = await attached()
      expect([(await uploads()).length, lost]).toEqual([2, first])
      expect(again).not.toEqual(first)
    })

    test('a picture without words is a question', async () => {
      const messages = [{ role: 'user', content: [picture(dataUri(newPng()))] }]
      const response = await gateway.post(PATH, { model: 'grok-4.20-fast', messages })
      expect(response.status).toBe(200)
      expect((await attached())[0]).toHaveLength(1)
    })
  })

  describe('400 and 413', () => {
    const PART = 'messages.0.content.1'
    const inside = [
      'http://127.0.0.1/',
      'http://2130706433/',
      'http://[::ffff:7f00:1]/',
      'http://localhost:8000/',
      'http://metadata.google.internal/',
    ]
    test.each([
      ['a text that is not base64', picture('data:image/png;base64,!!!'), 'this is not base64'],
      [
        'a picture of another kind',
        picture(dataUri(png, 'image/gif')),
        'the bytes are not those of image/gif, but of image/png',
      ],
      ['a picture that is none', picture(dataUri('hello')), 'the bytes are not those of image/png'],
      [
        'a program',
        document(Buffer.from('7f454c4602010100', 'hex').toString('base64'), 'a.txt'),
        'not taken',
      ],
      ['an empty file', document('data:text/plain;base64,', 'a.txt'), 'the file is empty'],
      ['a file of this machine', picture('file:///etc/passwd'), 'only http and https addresses are fetched'],
      ['a name and password', picture('https://me:secret@example.com/a.png'), 'user name or password'],
      ...inside.map((url) => [url, picture(url), 'private network'] as const),
      ['another port', picture('http://93.184.215.14:8080/'), 'only the ports 80 and 443 are fetched from'],
      ['a long address', picture(`https://example.com/${'a'.repeat(8192)}`), 'may have 8192 characters'],
    ] as const)('%s is refused by name', async (_, part, message) => {
      const response = await gateway.post(PATH, ask([part], { stream: true }))
      const { error } = await readJson<{ error: { message: string; param: string; type: string } }>(response)
      expect([response.status, error.type, error.param]).toEqual([400, 'invalid_request_error', PART])
      expect(error.message).toStartWith(`${PART}: `)
      expect(error.message).toContain(message)
      expect(await gateway.emulator.requests({ path: '/rest/app-chat/*' })).toEqual([])
    })

    test('too many files are refused by name', async () => {
      const parts = Array.from({ length: 9 }, () => picture(dataUri(newPng())))
      const response = await gateway.post(PATH, ask(parts))
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { param: 'messages.0.content.9' } })
    })
  })

  describe('a failing upload', () => {
    test.each([
      ['server-error', 502],
      ['rate-limited', 429],
      ['bad-request', 502],
      ['unauthorized', 503],
    ] as const)('%s is answered as %d, and no question is asked', async (kind, status) => {
      await using other = await startOther({ GROK_RETRY_MAX_RETRIES: '0' })
      const { emulator } = other.gateway
      await emulator.addFault({ path: UPLOAD, action: { type: 'http', kind } })
      const response = await other.gateway.post(PATH, ask([picture(dataUri(newPng()))], { stream: true }))
      expect(response.status).toBe(status)
      expect(await protocol.asked({ emulator })).toEqual([])
    })
  })

  describe('with several accounts', () => {
    test('a file goes to the account that answers in the end, and is deleted there if that is wanted', async () => {
      await using other = await startOther({
        GROK_FEATURES_DELETE_UPLOADS: 'true',
        GROK_RETRY_MAX_RETRIES: '3',
      })
      const fault = { path: UPLOAD, times: 1, action: { type: 'http', kind: 'server-error' } } as const
      await other.gateway.emulator.addFault(fault)
      const response = await other.gateway.post(PATH, ask([picture(dataUri(newPng()))]))
      expect(response.status).toBe(200)
      const [failed, taken] = await other.gateway.emulator.requests({ path: UPLOAD })
      expect(failed?.token).not.toBe(taken?.token)
      const deletions = () => other.gateway.emulator.requests({ path: '/rest/assets-metadata/*' })
      const [deletion] = await eventually(
        deletions,
        (found) => found.length > 0 && found[0]?.endedAt !== null,
      )
      expect([deletion?.method, deletion?.token, deletion?.status]).toEqual(['DELETE', taken?.token, 200])
    })
  })

  async function startOther(environment: Readonly<Record<string, string>>) {
    const other = await protocol.start({ environment })
    return { gateway: other, [Symbol.asyncDispose]: () => other.stop() }
  }
})
