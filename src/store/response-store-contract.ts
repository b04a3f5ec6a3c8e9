import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { NOW } from '../core/account-for-tests.ts'
import type { StoredResponse, Stores } from './contract.ts'

const HOUR_MS = 3_600_000

/** A document of several megabytes, as one with pictures in it is. */
const LARGE_LENGTH = 3 * 1024 * 1024

function response(id: string, changes: Partial<StoredResponse> = {}): StoredResponse {
  return {
    id,
    owner: 'owner-hash',
    createdAt: NOW,
    expiresAt: NOW + HOUR_MS,
    previousId: null,
    accountId: null,
    document: { output: [{ text: 'a "quoted" ünïcode 🦄 \u0000 \\' }], count: 1.5, none: null, yes: true },
    ...changes,
  }
}

/** The promises of every store of answers; `open` gives an empty one. */
export function describeResponseStore(
  name: string,
  open: () => Promise<Pick<Stores, 'responses' | 'close'>>,
): void {
  describe(name, () => {
    let stores: Pick<Stores, 'responses' | 'close'>
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())

    test('gives an answer back as it was saved, and nothing for an id that it does not have', async () => {
      const first = response('resp_1')
      const second = response('resp_2', { previousId: 'resp_1', accountId: 7 })
      await stores.responses.save(first)
      await stores.responses.save(second)
      expect(await stores.responses.find('resp_1', NOW)).toEqual(first)
      expect(await stores.responses.find('resp_2', NOW)).toEqual(second)
      expect(await stores.responses.find('resp_3', NOW)).toBeUndefined()
      expect(await stores.responses.find('RESP_1', NOW)).toBeUndefined()
    })

    test('replaces the answer of an id', async () => {
      await stores.responses.save(response('resp_1', { accountId: 1, previousId: 'resp_0' }))
      const changed = response('resp_1', { document: ['done'], expiresAt: NOW + 2 * HOUR_MS })
      await stores.responses.save(changed)
      expect(await stores.responses.find('resp_1', NOW + HOUR_MS)).toEqual(changed)
    })

    test('keeps an answer of several megabytes', async () => {
      const large = response('resp_1', { document: { image: 'ü'.repeat(LARGE_LENGTH / 2) } })
      await stores.responses.save(large)
      expect(await stores.responses.find('resp_1', NOW)).toEqual(large)
    })

    test('does not give an answer whose time is over', async () => {
      await stores.responses.save(response('resp_1'))
      expect(await stores.responses.find('resp_1', NOW + HOUR_MS - 1)).toBeDefined()
      expect(await stores.responses.find('resp_1', NOW + HOUR_MS)).toBeUndefined()
    })

    test('takes an answer whose time is over already', async () => {
      await stores.responses.save(response('resp_1', { expiresAt: NOW - 1 }))
      expect(await stores.responses.find('resp_1', NOW)).toBeUndefined()
    })

    test('removes an answer once', async () => {
      await stores.responses.save(response('resp_1'))
      expect(await stores.responses.remove('resp_1')).toBe(true)
      expect(await stores.responses.find('resp_1', NOW)).toBeUndefined()
      expect(await stores.responses.remove('resp_1')).toBe(false)
    })

    test('prunes what is over, and only that', async () => {
      await stores.responses.save(response('resp_1'))
      await stores.responses.save(response('resp_2', { expiresAt: NOW + HOUR_MS + 1 }))
      // a store that forgets by itself has nothing to do
      expect(await stores.responses.prune(NOW + HOUR_MS)).toBeOneOf([0, 1])
      expect(await stores.responses.prune(NOW + HOUR_MS)).toBe(0)
      expect(await stores.responses.find('resp_2', NOW + HOUR_MS)).toBeDefined()
    })
  })
}
