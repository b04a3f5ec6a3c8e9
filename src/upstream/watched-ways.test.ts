import { expect, test } from 'bun:test'
import { createUpstreamClient } from './client.ts'
import { watchClient, type FailedRequest } from './watched-ways.ts'

test('every kind of call tells of the way out that failed it', async () => {
  const failed: FailedRequest[] = []
  const client = createUpstreamClient({
    transport: { send: () => Promise.reject(new Error('Unable to connect.')) },
    userIds: { find: () => null, keep: () => {} },
    settings: () => ({
      baseUrl: 'https://grok.test',
      assetsUrl: 'https://assets.test',
      chatProtocol: 'rest',
      userAgent: 'Mozilla/5.0 Test',
      edgeCookies: '',
      statsig: { value: '', placeholder: false },
      chatIdleSeconds: 1,
      temporary: true,
      memory: false,
      customInstruction: '',
    }),
    clock: () => 0,
    random: () => 0,
  })
  const watched = watchClient(client, {
    observer: { answered: () => {}, failed: (way) => failed.push(way) },
    proxyForDownload: (proxyUrl) => proxyUrl,
  })
  const identity = {
    credential: 'token',
    proxyUrl: 'http://proxy.test:1',
    signal: new AbortController().signal,
  }
  const media = { url: 'https://assets.test/a', type: 'image', idleSeconds: 1 } as const
  const calls: readonly (() => Promise<unknown>)[] = [
    () => watched.call({ method: 'GET', path: '/rest/x', timeoutSeconds: 1 }, identity),
    () => watched.findClips(identity, 'post'),
    () => watched.findSoleClip(identity, { prompt: 'a cat', askedAt: 0 }),
    () => Array.fromAsync(watched.download(media, identity)),
  ]
  for (const call of calls) {
    failed.length = 0
    await expect(call()).rejects.toThrow()
    expect(failed).toMatchObject([{ proxyUrl: 'http://proxy.test:1', account: 'token', reason: 'proxy' }])
  }
})
