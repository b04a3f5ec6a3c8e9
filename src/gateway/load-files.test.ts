import { describe, expect, test } from 'bun:test'
import type { ChatMessage, FilePart } from '../core/chat-request.ts'
import type { GatewayError } from '../core/error.ts'
import { FileRefusal } from '../media/file-refusal.ts'
import type { FetchRemote } from '../media/fetch-remote.ts'
import { sampleFiles } from '../media/sample-files-for-tests.ts'
import { FILE_LIMITS, loadFiles } from './load-files.ts'

const png = sampleFiles['image/png']
const never = new AbortController().signal

/** A server that gives what an address ends with. */
function remote(answers: Readonly<Record<string, Uint8Array | Error>>) {
  const asked: string[] = []
  const fetchRemote: FetchRemote = async (url) => {
    asked.push(url)
    const answer = answers[url] ?? new FileRefusal('the address answered 404')
    if (answer instanceof Error) throw answer
    return { bytes: answer, name: url.split('/').at(-1) ?? '', mediaType: 'image/jpeg' }
  }
  return { asked, fetchRemote }
}

const inline = (bytes: Uint8Array | string, more: Partial<FilePart> = {}): FilePart => ({
  type: 'file',
  source: { type: 'base64', data: Buffer.from(bytes).toString('base64') },
  param: 'inline',
  ...more,
})
const linked = (url: string, param = 'linked'): FilePart => ({
  type: 'file',
  source: { type: 'url', url },
  param,
})

function load(parts: readonly FilePart[], fetchRemote = remote({}).fetchRemote, signal = never) {
  const messages: ChatMessage[] = parts.map((part) => ({
    role: 'user',
    content: [{ type: 'text', text: 'x' }, part],
  }))
  return loadFiles(fetchRemote, messages, signal)
}

async function failureOf(
  loading: Promise<unknown>,
): Promise<Pick<GatewayError, 'code' | 'param' | 'message'>> {
  const thrown = await loading.then(
    () => undefined,
    (error: GatewayError) => error,
  )
  if (!thrown) throw new Error('it did not fail')
  const { code, param, message } = thrown
  return { code, param, message }
}

describe('the files of a conversation', () => {
  test('stand in its order, each with a name, a type and its hash', async () => {
    const { fetchRemote } = remote({ 'https://a.example/cat.png': png })
    const files = await load(
      [inline('hello', { name: 'notes.md' }), linked('https://a.example/cat.png'), inline('{}')],
      fetchRemote,
    )
    expect(files.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['notes.md', 'text/markdown'],
      ['cat.png', 'image/png'],
      ['file.json', 'application/json'],
    ])
    expect(files[0]?.hash).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824')
  })

  test('are there once, however often they are named', async () => {
    const url = 'https://a.example/cat.png'
    const { asked, fetchRemote } = remote({ [url]: png })
    const files = await load([linked(url), inline(png), linked(url), inline(png), linked(url)], fetchRemote)
    expect([files.length, asked.length]).toEqual([1, 1])
  })

  test.each([
    ['../../etc/passwd', 'passwd.png'],
    ['C:\\pictures\\cat.png', 'cat.png'],
    ['a\r\nb\u0000.png', 'ab.png'],
    ['..', 'file.png'],
    ['', 'file.png'],
    [`${'x'.repeat(500)}.png`, `${'x'.repeat(116)}.png`],
  ])('have plain names: %j', async (name, expected) => {
    expect((await load([inline(png, { name })]))[0]?.name).toBe(expected)
  })

  test('of none are none', async () => {
    expect(await loadFiles(remote({}).fetchRemote, [{ role: 'user', content: [] }], never)).toEqual([])
  })
})

test('of a long history the oldest files give way to those of the current turn', async () => {
  const files = Array.from({ length: FILE_LIMITS.files + 2 }, (_, n) => inline(`file ${n}`))
  const [first, second, ...rest] = files
  if (!first || !second) throw new Error('no files')
  const loaded = await loadFiles(
    remote({}).fetchRemote,
    [
      { role: 'user', content: [second, first, ...rest] },
      { role: 'assistant', content: [] },
      { role: 'user', content: [first] },
    ],
    never,
  )
  const texts = loaded.map(({ bytes }) => new TextDecoder().decode(bytes))
  expect(texts).toEqual([0, 3, 4, 5, 6, 7, 8, 9].map((n) => `file ${n}`))
})

describe('a file is refused by its field', () => {
  test.each([
    [linked('https://a.example/x', 'messages.1.content.0'), 'messages.1.content.0: the address answered 404'],
    [{ ...inline(''), source: { type: 'base64', data: '!' } }, 'inline: this is not base64'],
    [inline(''), 'inline: the file is empty'],
    [
      { ...inline(''), source: { type: 'base64', data: png.toString('base64'), mediaType: 'image/gif' } },
      'inline: the bytes are not those of image/gif, but of image/png',
    ],
  ] as const)('%j', async (part, message) => {
    expect(await failureOf(load([part]))).toEqual({ code: 'invalid_request', param: part.param, message })
  })

  test('if one turn has too many different ones', async () => {
    const files = Array.from({ length: FILE_LIMITS.files + 1 }, (_, n) =>
      inline(`file ${n}`, { param: `p${n}` }),
    )
    expect((await load(files.slice(1))).length).toBe(FILE_LIMITS.files)
    expect(await failureOf(load(files))).toEqual({
      code: 'invalid_request',
      param: `p${FILE_LIMITS.files}`,
      message: `p${FILE_LIMITS.files}: a turn may have 8 different files`,
    })
  })

  test('if they are named in too many places', async () => {
    const parts = Array.from({ length: FILE_LIMITS.parts + 1 }, (_, n) => inline('same', { param: `p${n}` }))
    expect((await load(parts.slice(1))).length).toBe(1)
    expect(await failureOf(load(parts))).toMatchObject({
      code: 'invalid_request',
      param: `p${FILE_LIMITS.parts}`,
    })
  })

  test('if they are too large together, and the rest is not fetched', async () => {
    const large = (fill: string): Buffer =>
      Buffer.concat([sampleFiles['image/gif'], Buffer.alloc(30 * 1024 * 1024, fill)])
    const answers = { 'u/1': large('a'), 'u/2': large('b'), 'u/3': large('c') }
    const { fetchRemote } = remote(answers)
    expect(
      await failureOf(
        load(
          Object.keys(answers).map((url) => linked(url)),
          fetchRemote,
        ),
      ),
    ).toMatchObject({
      code: 'payload_too_large',
      param: 'linked',
    })
  })

  test('not at all if the caller leaves meanwhile', async () => {
    const leaving = new AbortController()
    const fetchRemote: FetchRemote = async () => {
      leaving.abort()
      throw leaving.signal.reason
    }
    const { code } = await failureOf(load([linked('https://a.example/x')], fetchRemote, leaving.signal))
    expect(code).toBe('client_closed')
  })
})
