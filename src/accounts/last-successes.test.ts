import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { LastSuccesses } from './last-successes.ts'

test('the last success of any other account is known, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 30 }), (ids) => {
      const successes = new LastSuccesses()
      ids.forEach((id, index) => successes.add(id, index + 1))
      for (const id of [1, 2, 3, 4, 5]) {
        expect(successes.besides(id)).toBe(ids.findLastIndex((other) => other !== id) + 1)
      }
    }),
  )
})
