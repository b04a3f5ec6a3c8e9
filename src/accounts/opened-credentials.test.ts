import { expect, test } from 'bun:test'
import { rememberOpened } from './opened-credentials.ts'

function counting(limit: number) {
  const opened: string[] = []
  const open = rememberOpened((sealed, hash) => {
    if (sealed === 'damaged') throw new Error('damaged')
    opened.push(sealed)
    return `${sealed} for ${hash}`
  }, limit)
  return { open, opened }
}

test('a credential is opened once', () => {
  const { open, opened } = counting(2)
  expect([open('a', '1'), open('a', '1')]).toEqual(['a for 1', 'a for 1'])
  expect(opened).toEqual(['a'])
})

test('one that was moved to another row is not taken from memory', () => {
  const { open, opened } = counting(2)
  open('a', '1')
  expect(open('a', '2')).toBe('a for 2')
  expect(opened).toEqual(['a', 'a'])
})

test('no more than the limit are kept', () => {
  const { open, opened } = counting(2)
  for (const sealed of ['a', 'b', 'c', 'c', 'b', 'a']) open(sealed, '1')
  expect(opened).toEqual(['a', 'b', 'c', 'a'])
})

test('a failure is not remembered', () => {
  const { open } = counting(2)
  expect(() => open('damaged', '1')).toThrow('damaged')
  expect(() => open('damaged', '1')).toThrow('damaged')
})
