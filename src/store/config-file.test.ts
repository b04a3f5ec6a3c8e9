import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { SettingsConflictError } from '../core/settings-document.ts'
import { ConfigFile } from './config-file.ts'

let folder: string
let path: string
let file: ConfigFile

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-file-'))
  path = join(folder, 'config.toml')
  file = new ConfigFile({ path, now: () => new Date('2026-01-02T03:04:05Z') })
})

afterEach(() => rm(folder, { recursive: true }))

const permissions = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('load', () => {
  test('of a missing file gives an empty document', async () => {
    expect(await file.load()).toEqual({ values: {}, version: 'absent' })
  })

  test('gives the nested values, with a version that follows the content', async () => {
    await writeFile(path, '[proxy.egress]\nmode = "direct"\n')
    const first = await file.load()
    expect(first.values).toEqual({ proxy: { egress: { mode: 'direct' } } })
    expect(await file.load()).toEqual(first)
    await writeFile(path, '[proxy.egress]\nmode = "proxy_pool"\n')
    expect((await file.load()).version).not.toBe(first.version)
  })

  test('of a truncated file gives a fault that names the place and not the secret there', async () => {
    await writeFile(path, '[app]\napp_key = "top-secret')
    const { values, fault } = await file.load()
    expect(values).toEqual({})
    expect(fault).toContain('line 2')
    expect(fault).not.toContain('top-secret')
  })

  test('of a folder in its place gives a fault', async () => {
    expect((await new ConfigFile({ path: folder }).load()).fault).toContain('EISDIR')
  })

  test('of any bytes gives values or a fault', async () => {
    const lines = fc
      .array(fc.constantFrom('[a]', '[[a]]', 'a = 1', 'a.b = "x"', '"', "'''", '[a.b', '= 1', '\u0000', 'é'))
      .map((parts) => new TextEncoder().encode(parts.join('\n')))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), lines), async (bytes) => {
        await writeFile(path, bytes)
        const { values, fault } = await file.load()
        if (fault !== undefined) expect(values).toEqual({})
      }),
    )
  })

  test.each([['['.repeat(200_000)], [`x = ${'['.repeat(200_000)}`], [`x = ${'{a='.repeat(100_000)}`]])(
    'of something nested without end gives a fault (case %#)',
    async (text) => {
      await writeFile(path, text)
      expect((await file.load()).fault).toBeDefined()
    },
  )

  test('of a file beyond the size limit gives a fault', async () => {
    await writeFile(path, '#'.repeat(5_000_000))
    expect((await file.load()).fault).toContain('larger')
  })
})

describe('save', () => {
  test('then load gives the same values back', async () => {
    const values = {
      app: { app_key: 'quote " backslash \\ unicode é\u2028', api_key: ['a', 'b'] },
      features: { stream: true, custom_instruction: 'one\r\ntwo\t' },
      chat: { timeout: 0.5 },
      empty: {},
    }
    const version = await file.save(values, 'absent')
    expect(await file.load()).toEqual({ values, version })
  })

  test('keeps keys nobody knows, of every TOML type', async () => {
    const text = 'big = 9007199254740993\nday = 1979-05-27\nat = 1979-05-27T07:32:00Z\n[[list]]\nx = 1\n'
    await writeFile(path, text)
    const before = await file.load()
    await file.save({ ...before.values, chat: { timeout: 5 } }, before.version)
    const after = await file.load()
    expect(after.values).toEqual({ ...before.values, chat: { timeout: 5 } })
    expect(await readFile(path, 'utf8')).toContain('day = 1979-05-27\n')
  })

  test('says at its top that the file is managed, and lets only the owner read it', async () => {
    const version = await file.save({ a: 1 }, 'absent')
    await chmod(path, 0o644)
    await file.save({ a: 2 }, version)
    expect(await readFile(path, 'utf8')).toStartWith('# Stored settings of grok2api. This file is managed')
    expect(await permissions('config.toml')).toBe(0o600)
    expect(await permissions('config.toml.bak')).toBe(0o600)
  })

  test('keeps the previous version as .bak and leaves nothing else behind', async () => {
    await writeFile(path, 'a = 1 # mine\n')
    await file.save({ a: 2 }, (await file.load()).version)
    expect(await readFile(`${path}.bak`, 'utf8')).toBe('a = 1 # mine\n')
    expect((await readdir(folder)).sort()).toEqual(['config.toml', 'config.toml.bak'])
  })

  test('keeps a file that does not parse under a name of its own', async () => {
    await writeFile(path, 'not toml')
    await file.save({ a: 1 }, (await file.load()).version)
    expect(await readFile(`${path}.broken-2026-01-02T03-04-05.000Z`, 'utf8')).toBe('not toml')
    expect((await file.load()).values).toEqual({ a: 1 })
  })

  test('makes the folder it is to be in', async () => {
    const deep = new ConfigFile({ path: join(folder, 'x/y/config.toml') })
    await deep.save({ a: 1 }, 'absent')
    expect((await deep.load()).values).toEqual({ a: 1 })
  })

  test('follows a link instead of replacing it', async () => {
    await writeFile(join(folder, 'target.toml'), 'a = 1\n')
    await symlink(join(folder, 'target.toml'), path)
    await file.save({ a: 2 }, (await file.load()).version)
    expect(await readFile(join(folder, 'target.toml'), 'utf8')).toContain('a = 2')
  })

  test('of what TOML cannot say leaves the file as it was', async () => {
    await writeFile(path, 'a = 1\n')
    const { version } = await file.load()
    expect(String(await failureOf(file.save({ a: [null] }, version)))).toContain('null')
    expect(await readFile(path, 'utf8')).toBe('a = 1\n')
    expect(await readdir(folder)).toEqual(['config.toml'])
  })
})

describe('two writers', () => {
  test('in one process: the second one gets a conflict', async () => {
    const [first, second] = await Promise.allSettled([
      file.save({ a: 1 }, 'absent'),
      file.save({ a: 2 }, 'absent'),
    ])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ status: 'rejected', reason: expect.any(SettingsConflictError) })
    expect((await file.load()).values).toEqual({ a: 1 })
  })

  test('that know nothing of one another: exactly one of eight wins', async () => {
    const others = Array.from(
      { length: 8 },
      () => new ConfigFile({ path, lockTiming: { pollMilliseconds: 1 } }),
    )
    const results = await Promise.allSettled(others.map((other, index) => other.save({ index }, 'absent')))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['config.toml'])
  })

  test('a lock that stays ends in a conflict after the bound, and is left to its holder', async () => {
    await writeFile(`${path}.lock`, 'other')
    const hasty = new ConfigFile({ path, lockTiming: { waitMilliseconds: 3, pollMilliseconds: 1 } })
    expect(await failureOf(hasty.save({ a: 1 }, 'absent'))).toBeInstanceOf(SettingsConflictError)
    expect(await readFile(`${path}.lock`, 'utf8')).toBe('other')
  })

  test('a lock whose holder is gone is taken over', async () => {
    await writeFile(`${path}.lock`, 'crashed')
    await utimes(`${path}.lock`, 0, 0)
    await file.save({ a: 1 }, 'absent')
    expect(await readdir(folder)).toEqual(['config.toml'])
  })
})
