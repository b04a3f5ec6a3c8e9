import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../core/error.ts'
import { fetchMediaQuota } from './media-quota.ts'
import type { RestCaller } from './rest-call.ts'

const identity = { credential: 'token-a', signal: new AbortController().signal }

function answering(body: unknown): RestCaller {
  return async () => ({
    status: 200,
    headers: new Headers(),
    body: new TextEncoder().encode(JSON.stringify(body)),
  })
}

describe('what is left of media', () => {
  test('is read by kind; what the account has not is not told', async () => {
    const report = await fetchMediaQuota(
      answering({
        image: null,
        imagePro: { available: true, remainingQueries: 2, windowSizeSeconds: 86_400 },
        imageEdit: { available: false },
        video: null,
        video720p: {
          available: true,
          remainingQueries: 0,
          windowSizeSeconds: 3600,
          nextAvailableAt: '2999-01-01T00:00:00Z',
        },
      }),
      identity,
    )
    expect(report).toMatchObject({
      'imagine-image': { remaining: 2, total: 2, windowSeconds: 86_400 },
      'imagine-edit': { remaining: 0, total: 1 },
      'imagine-video': { remaining: 0, windowSeconds: 3600, waitSeconds: expect.any(Number) },
    })
  })

  test.each([[{}], [null], [{ imagePro: { available: true } }], [[]]])(
    'stays open in the face of %j',
    async (body) => {
      expect(await fetchMediaQuota(answering(body), identity)).toEqual({})
    },
  )

  test('a service that does not know the question says nothing', async () => {
    const refusing: RestCaller = async () => {
      throw new GatewayError('upstream_rejected', 'no')
    }
    expect(await fetchMediaQuota(refusing, identity)).toEqual({})
  })
})
