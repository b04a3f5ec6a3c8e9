import { afterAll, beforeAll, beforeEach } from 'bun:test'
import { isObject, type JsonObject } from '../answers/frame.ts'
import { createEmulatorControl, type EmulatorControl } from '../control/control-client.ts'
import { startEmulator, type Emulator } from '../server.ts'

/** A turn as tests write it. */
export interface TestTurn {
  readonly message?: string
  readonly modeId?: string
  readonly token?: string
  readonly path?: string
  readonly body?: JsonObject
  readonly signal?: AbortSignal
}

/** An emulator of its own for one test file, without pauses between frames, and calls to it. */
export interface TestService extends Emulator {
  readonly control: EmulatorControl
  /** A request with the cookies of a token. */
  send(path: string, init?: RequestInit & { token?: string }): Promise<Response>
  post(path: string, body: unknown, token?: string): Promise<Response>
  chat(turn: TestTurn): Promise<Response>
}

const DEFAULT_TOKEN = 'demo-super-token'

/**
 * Starts the emulator on a free port, with pace 0, for the tests of a file, and stops it after them. With `resetEach`
 * every test begins with the state after a start.
 */
export function useTestService({ resetEach = false } = {}): TestService {
  const service = openTestService()
  const { control } = service
  if (resetEach) beforeEach(() => control.reset())
  const prepare = resetEach ? beforeEach : beforeAll
  prepare(async () => {
    await control.setBehaviour({ paceMilliseconds: 0 })
  })
  afterAll(() => service.stop())
  return service
}

function openTestService(): TestService {
  const emulator = startEmulator()
  const control = createEmulatorControl(emulator.url)
  const send: TestService['send'] = (path, { token = DEFAULT_TOKEN, headers, ...init } = {}) => {
    const all = new Headers(headers)
    if (!all.has('cookie')) all.set('Cookie', `sso=${token}; sso-rw=${token}`)
    return fetch(`${emulator.url}${path}`, { ...init, headers: all })
  }
  return {
    ...emulator,
    control,
    send,
    post: (path, body, token = DEFAULT_TOKEN) =>
      send(path, { method: 'POST', body: JSON.stringify(body), token }),
    chat: ({ message = '[user]: Hi', modeId = 'fast', token = DEFAULT_TOKEN, path, body, signal }) =>
      send(path ?? '/rest/app-chat/conversations/new', {
        method: 'POST',
        token,
        body: JSON.stringify({ message, modeId, ...body }),
        ...(signal === undefined ? {} : { signal }),
      }),
  }
}

/** The frames of a body of one JSON object per line. */
export async function framesOf(response: Response): Promise<readonly JsonObject[]> {
  const text = await response.text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => objectIn(JSON.parse(line)))
}

/** The `result.response` of each frame that has one. */
export function responsesIn(frames: readonly JsonObject[]): readonly JsonObject[] {
  return frames.flatMap((frame) => {
    const response = objectIn(frame['result'])['response']
    return isObject(response) ? [response] : []
  })
}

/** The visible text of an answer. */
export function answerText(frames: readonly JsonObject[]): string {
  return responsesIn(frames)
    .map(({ isThinking, token }) => (isThinking === false && typeof token === 'string' ? token : ''))
    .join('')
}

/** The value as an object, or an empty one. */
export function objectIn(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
