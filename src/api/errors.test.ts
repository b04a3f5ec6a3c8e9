import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { errorCodes, GatewayError } from '../core/error.ts'
import { createLog } from '../util/log.ts'
import type { ApiEnv } from './context.ts'
import { anthropicErrorTypes } from './anthropic/error-body.ts'
import { renderErrorDocs } from './error-docs.ts'
import { encodeChatStream } from './openai/chat-stream.ts'
import { renderError } from './render-error.ts'

const log = createLog('test')

async function answer(
  thrown: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const app = new Hono<ApiEnv>()
  app.use((c, next) => {
    c.set('requestId', 'req_1')
    return next()
  })
  app.get('/v1/x', () => {
    throw thrown
  })
  app.onError((error, c) => renderError(error, c, log))
  const response = await app.request('/v1/x', { headers })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** Codes that are only logged: nobody is there to read them. */
const neverSent = new Set(['client_closed'])
const sent = errorCodes.filter((code) => !neverSent.has(code))

describe('every error code', () => {
  test.each(sent)('%s is answered with its status in the official shape, without its cause', async (code) => {
    const failure = new GatewayError(code, 'Public words.', { cause: 'private words', param: 'p' })
    const { status, headers, body } = await answer(failure)
    expect(status).toBe(failure.status)
    expect(body).toEqual({
      error: { message: 'Public words.', type: expect.any(String), param: 'p', code: expect.any(String) },
    })
    expect(JSON.stringify(body)).not.toContain('private')
    expect(headers.has('retry-after')).toBe(status === 429 || status === 503)
  })

  test.each(sent)('%s is answered in the envelope of the dialect that a request speaks', async (code) => {
    const failure = new GatewayError(code, 'Public words.', { cause: 'private words', param: 'p' })
    const { status, body } = await answer(failure, { 'anthropic-version': '2026-10-21' })
    expect(status).toBe(failure.status)
    expect(body).toEqual({
      type: 'error',
      error: { type: anthropicErrorTypes[code], message: expect.stringMatching(/Public words\.$/) },
      request_id: 'req_1',
    })
  })

  test.each(sent)('%s inside a stream is a frame of the same shape before [DONE]', async (code) => {
    async function* broken(): AsyncGenerator<never> {
      throw new GatewayError(code, 'Public words.', { cause: 'private words' })
    }
    const head = { id: 'chatcmpl-1', created: 1, model: 'm' }
    const frames: string[] = []
    const wording = { style: 'tool-calls', customTools: new Set<string>() } as const
    for await (const frame of encodeChatStream({ head, answers: [broken()], wording, onFailure: () => {} }))
      frames.push(frame)
    expect(frames.at(-1)).toBe('data: [DONE]\n\n')
    expect(JSON.parse(frames.at(-2)?.slice('data: '.length) ?? '')).toMatchObject({
      error: { message: 'Public words.' },
    })
  })

  test('upstream causes never look like the caller being refused', () => {
    const upstream = [
      'credential_invalid',
      'account_blocked',
      'egress_rejected',
      'upstream_rejected',
    ] as const
    expect(
      upstream.map((code) => new GatewayError(code, '').status).filter((status) => status < 500),
    ).toEqual([])
  })
})

test('a fault of our own is a 500 that says nothing of itself', async () => {
  const { status, body } = await answer(new TypeError('secret detail'))
  expect(status).toBe(500)
  expect(JSON.stringify(body)).not.toContain('secret')
})

test('Retry-After is a whole number of seconds, at least one', async () => {
  const { headers } = await answer(new GatewayError('rate_limited', '', { retryAfterSeconds: 0.2 }))
  expect(headers.get('retry-after')).toBe('1')
})

test('docs/errors.md is what the table says; run `bun src/api/write-error-docs.ts`', async () => {
  const file = Bun.file(new URL('../../docs/errors.md', import.meta.url))
  expect(await file.text()).toBe(renderErrorDocs())
})
