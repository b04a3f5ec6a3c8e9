import { describe, expect, test } from 'bun:test'
import { parseImportFile } from './import-file.ts'

describe('a text file', () => {
  test('has one token a line, of the tier that was asked for', () => {
    expect(parseImportFile('token-1\ntoken-2\n', 'super')).toEqual({
      entries: [
        { credential: 'token-1', tier: 'super', tags: [] },
        { credential: 'token-2', tier: 'super', tags: [] },
      ],
      faults: [],
    })
  })

  test('is of the basic tier when nothing was asked for', () => {
    expect(parseImportFile('token').entries).toMatchObject([{ tier: 'basic' }])
  })

  test('may have blank lines, comments, a byte order mark, Windows line ends and cookies', () => {
    const { entries, faults } = parseImportFile(
      '\uFEFFtoken-1\r\n\r\n# a comment\r\n   # one further in\r\n  sso=token-2  \r\nsso-rw=x; sso=token-3\r\n',
    )
    expect(entries.map(({ credential }) => credential)).toEqual(['token-1', 'token-2', 'token-3'])
    expect(faults).toEqual([])
  })

  test('keeps its good lines when others are not tokens, and names those by their number', () => {
    const { entries, faults } = parseImportFile(
      '\n\ntoken-1\nmail----secret word\n<svg/onload=alert(1)>\ntoken-2',
    )
    expect(entries.map(({ credential }) => credential)).toEqual(['token-1', 'token-2'])
    expect(faults.map(({ place }) => place)).toEqual(['line 4', 'line 5'])
    expect(JSON.stringify(faults)).not.toMatch(/secret|svg/)
  })

  test.each(['', '\n\n', '\uFEFF', '# only a comment'])('without tokens holds nothing: %p', (text) => {
    expect(parseImportFile(text)).toEqual({ entries: [], faults: [] })
  })
})

describe('a JSON file', () => {
  test('has pools of tokens, as texts or as objects with tags', () => {
    const text = JSON.stringify({
      basic: ['token-1', { token: 'sso=token-2', tags: ['nsfw', 'old'] }],
      heavy: [{ token: 'token-3' }],
      super: [],
    })
    expect(parseImportFile(text)).toEqual({
      entries: [
        { credential: 'token-1', tier: 'basic', tags: [] },
        { credential: 'token-2', tier: 'basic', tags: ['nsfw', 'old'] },
        { credential: 'token-3', tier: 'heavy', tags: [] },
      ],
      faults: [],
    })
  })

  test.each([
    ['', 'basic'],
    ['auto', 'basic'],
    ['ssoBasic', 'basic'],
    ['ssoSuper', 'super'],
    ['ssoHeavy', 'heavy'],
    [' SUPER ', 'super'],
  ] as const)('may name a pool %p, as older versions did, for %s', (pool, tier) => {
    expect(parseImportFile(JSON.stringify({ [pool]: ['token'] })).entries).toMatchObject([{ tier }])
  })

  test.each(['gold', 'supergrok', 'constructor', 'hasownproperty'])(
    'with the unknown pool %p is at fault there, and keeps the rest',
    (pool) => {
      const { entries, faults } = parseImportFile(JSON.stringify({ [pool]: ['token-1'], super: ['token-2'] }))
      expect(entries).toEqual([{ credential: 'token-2', tier: 'super', tags: [] }])
      expect(faults).toEqual([{ place: pool, reason: 'is not a pool; there are basic, super, heavy' }])
    },
  )

  test('names a bad item by its pool and place', () => {
    const { entries, faults } = parseImportFile(
      JSON.stringify({ super: ['token-1', { token: 'secret word' }, ''] }),
    )
    expect(entries).toHaveLength(1)
    expect(faults.map(({ place }) => place)).toEqual(['super[1]', 'super[2]'])
    expect(JSON.stringify(faults)).not.toContain('secret')
  })

  test('may begin with a byte order mark and blank lines', () => {
    expect(parseImportFile('\uFEFF\r\n {"basic": ["token"]}\r\n').entries).toHaveLength(1)
  })

  test.each([
    ['{"basic": ["token"', 'is not valid JSON'],
    ['{"basic": "token"}', 'must hold an object of pools, each an array of tokens'],
    ['{"basic": [17]}', 'must hold an object of pools, each an array of tokens'],
    ['{"basic": [{"tags": []}]}', 'must hold an object of pools, each an array of tokens'],
  ])('that is %p is refused whole: it %s', (text, reason) => {
    expect(parseImportFile(text)).toEqual({ entries: [], faults: [{ place: 'file', reason }] })
  })
})
