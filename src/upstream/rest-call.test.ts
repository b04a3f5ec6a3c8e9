import { expect, test } from 'bun:test'
import { createRestCaller } from './rest-call.ts'

const identity = { credential: 'token', signal: new AbortController().signal }
const settings = {
  baseUrl: 'https://upstream.test',
  assetsUrl: 'https://assets.test',
  chatProtocol: 'rest',
  userAgent: 'Mozilla/5.0',
  edgeCookies: '',
  statsig: { value: '', placeholder: false },
  chatIdleSeconds: 5,
  temporary: true,
  memory: false,
  customInstruction: '',
} as const

/** What a call comes to that is answered so. */
function answeredWith(body: string, contentType: string) {
  const call = createRestCaller({
    transport: {
      send: async () => new Response(body, { headers: { 'content-type': contentType } }),
    },
    settings: () => settings,
    random: () => 0,
    onAnswer: () => {},
  })
  return call({ method: 'GET', path: '/any', timeoutSeconds: 5 }, identity)
}

test('a page is no answer, although its status says so: a challenge, or of somebody in between', async () => {
  const challenge = '<!DOCTYPE html><title>Just a moment...</title>'
  await expect(answeredWith(challenge, 'text/html; charset=UTF-8')).rejects.toMatchObject({
    code: 'egress_rejected',
    reason: 'challenge',
  })
  await expect(answeredWith('<html><title>Log in</title>', 'text/html')).rejects.toMatchObject({
    code: 'upstream_unavailable',
    reason: 'protocol-drift',
    cause: expect.stringContaining('Log in'),
  })
})

test('anything else is for the caller to read', async () => {
  expect((await answeredWith('{}', 'application/json')).status).toBe(200)
  expect((await answeredWith('', 'text/plain')).body).toHaveLength(0)
})
