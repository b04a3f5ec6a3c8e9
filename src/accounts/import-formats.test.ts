import { describe, expect, test } from 'bun:test'
import type { Tier } from '../core/model.ts'
import type { ImportEntry } from './import-entry.ts'
import { readImport, type ImportFormat } from './import-file.ts'

const entriesOf = (text: string, format?: ImportFormat, tier: Tier = 'basic'): ImportEntry[] =>
  readImport(text, { tier, format }).items.flatMap((item) => (item.type === 'entry' ? [item.entry] : []))

const faultsOf = (text: string, format?: ImportFormat): string[] =>
  readImport(text, { tier: 'basic', format }).items.flatMap((item) =>
    item.type === 'fault' ? [`${item.place}: ${item.reason}`] : [],
  )

const jar = JSON.stringify([
  { domain: '.grok.com', name: 'sso-rw', value: 'other' },
  { domain: '.grok.com', name: 'sso', value: 'token-1' },
])

describe('the format of', () => {
  test.each<[string, string, ImportFormat]>([
    ['tokens', 'token-1\ntoken-2', 'text'],
    ['one word', 'token', 'text'],
    ['cookie headers', 'Cookie: a=b; sso=token-1', 'text'],
    ['mail lines', 'a@b.test----pass----token-1', 'text'],
    ['a table', 'token,pool\ntoken-1,super', 'csv'],
    [
      'a table with a comment, a mark and other separators',
      '\uFEFF# mine\r\nPool;SSO\r\nsuper;token-1',
      'csv',
    ],
    ['a table with tabs', 'email\ttoken\na@b.test\ttoken-1', 'csv'],
    ['pools', '{"super":["token-1"]}', 'json'],
    ['a list', '["token-1"]', 'json'],
    ['one account', '{"token":"token-1"}', 'json'],
    ['accounts by lines', '{"token":"token-1"}\n{"token":"token-2"}', 'jsonl'],
    ['pools over several lines', '{\n"super": [\n"token-1"\n]}', 'json'],
    ["a browser's cookies", jar, 'cookies'],
    ["version 2's list", '{"tokens":[{"token":"token-1","pool":"super","status":"active"}]}', 'v2'],
    ['nothing', '', 'text'],
  ])('%s is found out', (_name, text, format) => {
    expect(readImport(text, { tier: 'basic' }).format).toBe(format)
    if (text !== '') expect(faultsOf(text)).toEqual([])
  })

  test('may be stated', () => {
    expect(entriesOf('token,pool', 'csv')).toEqual([])
    expect(faultsOf('token-1', 'json')).toEqual(['file: is not valid JSON'])
    expect(faultsOf('token-1', 'csv')).toEqual(['file: has no column named token'])
    expect(entriesOf('{"token":"token-1"}', 'jsonl')).toHaveLength(1)
  })
})

describe('lines of mail, password and token', () => {
  test('give the token and the e-mail, and nobody keeps the password', () => {
    const entries = entriesOf('a@b.test----hunter2----token-1\r\nb@c.test----token-2')
    expect(entries).toEqual([
      { credential: 'token-1', tier: 'basic', tags: [], profile: { email: 'a@b.test' } },
      { credential: 'token-2', tier: 'basic', tags: [], profile: { email: 'b@c.test' } },
    ])
    expect(JSON.stringify(entries)).not.toContain('hunter2')
  })
})

describe('a table', () => {
  test('has its columns in any order, quoted cells, and lists in them', () => {
    const text = `label,token,Pool,tags,email,groups,proxy,priority,unknown
"one, ""the"" first",token-1,super,nsfw;old,a@b.test,team-a|team-b,http://user:pw@proxy.test:8080,5,x

,token-2,,,,,,,
"over
two lines",sso=token-3,heavy,,,,,,`
    expect(entriesOf(text)).toEqual([
      {
        credential: 'token-1',
        tier: 'super',
        tags: ['nsfw', 'old'],
        profile: {
          label: 'one, "the" first',
          email: 'a@b.test',
          groups: ['team-a', 'team-b'],
          priority: 5,
          proxyUrl: 'http://user:pw@proxy.test:8080',
        },
      },
      { credential: 'token-2', tier: 'basic', tags: [] },
      { credential: 'token-3', tier: 'heavy', tags: [], profile: { label: 'over\ntwo lines' } },
    ])
  })

  test.each([
    ['token,pool\ntoken-1,gold', /^line 2: pool: is not a pool/],
    ['token,pool\n,super', /^line 2: holds no token/],
    ['token,priority\n\ntoken-1,high', /^line 3: priority: /],
    ['token,proxy\ntoken-1,ftp://x.test', /^line 2: proxy: is not the address of a proxy/],
    ['token,pool\n<svg/onload=alert(1)>,super', /^line 2: the token holds characters/],
  ])('names the line at fault: %p', (text, expected) => {
    const [only, ...others] = faultsOf(text)
    expect(only).toMatch(expected)
    expect(others).toEqual([])
  })
})

describe('JSON', () => {
  test('lists may mix tokens and objects, which may say everything', () => {
    const text = JSON.stringify([
      'token-1',
      { sso: 'token-2', tier: 'heavy', tags: ['a', 'a'], name: 'two', priority: -1, notes: null },
      { cookie: 'x=y; sso=token-3', pool: 'ssoSuper' },
    ])
    expect(entriesOf(text)).toEqual([
      { credential: 'token-1', tier: 'basic', tags: [] },
      { credential: 'token-2', tier: 'heavy', tags: ['a'], profile: { label: 'two', priority: -1 } },
      { credential: 'token-3', tier: 'super', tags: [] },
    ])
  })

  test('lines are judged one by one', () => {
    const text = '{"token":"token-1"}\nnot json\n17\n"token-2"'
    expect(entriesOf(text).map(({ credential }) => credential)).toEqual(['token-1', 'token-2'])
    expect(faultsOf(text)).toEqual([
      'line 2: is not valid JSON',
      'line 3: is neither a token nor an object with one',
    ])
  })

  test('that is a backup is not mistaken for pools', () => {
    expect(faultsOf('{"grok2api_backup":1,"accounts":[]}')).toEqual(['file: is a backup; restore it instead'])
  })

  test('cookies without a login are a fault', () => {
    expect(faultsOf('[{"name":"other","value":"x"}]')).toEqual(['file: the cookies hold no sso cookie'])
  })

  test('pools that are empty are still named, for those who replace them', () => {
    expect(readImport('{"super":[],"basic":["token-1"]}', { tier: 'basic' }).pools).toEqual([
      'super',
      'basic',
    ])
  })

  test('a broken file names no pool', () => {
    expect(readImport('{"super":[', { tier: 'basic' }).pools).toEqual([])
  })
})

test.each(['<svg/onload=alert(1)>', '["<svg/onload=alert(1)>"]', '{"super":["<svg/onload=alert(1)>"]}'])(
  'a token that is a script is refused, and not repeated: %p',
  (text) => {
    const [only, ...others] = faultsOf(text)
    expect(only).toContain('characters that no token has')
    expect(only).not.toContain('svg')
    expect(others).toEqual([])
    expect(entriesOf(text)).toEqual([])
  },
)
