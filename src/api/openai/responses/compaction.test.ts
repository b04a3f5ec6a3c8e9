import { expect, test } from 'bun:test'
import { packSummary, unpackSummary } from './compaction.ts'

test('a summary comes back as it was packed, and nothing of another service is taken for one', () => {
  expect(unpackSummary(packSummary('We agreed on Tuesday. 你好 🙂'))).toBe('We agreed on Tuesday. 你好 🙂')
  for (const foreign of ['', 'gAAAAABo', packSummary('')]) expect(unpackSummary(foreign)).toBeUndefined()
})
