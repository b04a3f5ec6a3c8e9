import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addSecretKey, dropOldSecretKeys, loadSecretKeys, SecretKeyError } from './secret-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'grok2api-key-'))
let folders = 0
const newDataDir = (): string => join(folder, `${++folders}`)
const pathIn = (dataDir: string): string => join(dataDir, 'secret.key')
afterAll(() => rmSync(folder, { recursive: true }))

describe('the key in a file', () => {
  test('is made on the first start, for its owner only, and nothing else is left there', () => {
    const dataDir = newDataDir()
    expect(loadSecretKeys({ dataDir })[0]).toHaveLength(32)
    expect(statSync(pathIn(dataDir)).mode & 0o777).toBe(0o600)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    expect(readdirSync(dataDir)).toEqual(['secret.key'])
  })

  test('is the same at every later start', () => {
    const dataDir = newDataDir()
    const key = loadSecretKeys({ dataDir })
    expect(loadSecretKeys({ dataDir })).toEqual(key)
    expect(readFileSync(pathIn(dataDir), 'utf8').trim()).toBe(String(key[0]?.toString('base64')))
  })

  test('differs from one data folder to another', () => {
    expect(loadSecretKeys({ dataDir: newDataDir() })).not.toEqual(loadSecretKeys({ dataDir: newDataDir() }))
  })

  test('survives a first start that was broken off with its draft still there', () => {
    const dataDir = newDataDir()
    const key = loadSecretKeys({ dataDir })
    // in a container every start has the same process id
    linkSync(pathIn(dataDir), `${pathIn(dataDir)}.${process.pid}.tmp`)
    expect(loadSecretKeys({ dataDir })).toEqual(key)
    expect(readFileSync(pathIn(dataDir), 'utf8').trim()).toBe(String(key[0]?.toString('base64')))
  })

  test('is one and the same for processes that start at once', async () => {
    const dataDir = newDataDir()
    const code = `
      import { loadSecretKeys } from '${import.meta.dir}/secret-key.ts'
      console.log(loadSecretKeys({ dataDir: ${JSON.stringify(dataDir)} })[0].toString('base64'))`
    const starts = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe' }),
    )
    const keys = await Promise.all(starts.map((start) => start.stdout.text()))
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]?.trim()).toBe(loadSecretKeys({ dataDir })[0]?.toString('base64'))
    expect(readdirSync(dataDir)).toEqual(['secret.key'])
  }, 30_000)

  test.each([0o640, 0o604, 0o660, 0o644])(
    'is refused with mode %o, and the message says what to do',
    (mode) => {
      const dataDir = newDataDir()
      loadSecretKeys({ dataDir })
      chmodSync(pathIn(dataDir), mode)
      expect(() => loadSecretKeys({ dataDir })).toThrow(`run: chmod 600 ${pathIn(dataDir)}`)
    },
  )

  test.each(['', 'c2hvcnQ=', '%%%'])('is refused when it holds %p, and is not replaced', (content) => {
    const dataDir = newDataDir()
    loadSecretKeys({ dataDir })
    writeFileSync(pathIn(dataDir), content)
    expect(() => loadSecretKeys({ dataDir })).toThrow(SecretKeyError)
    expect(readFileSync(pathIn(dataDir), 'utf8')).toBe(content)
  })
})

describe('the key from the environment', () => {
  test('is always the same for the same text, and no file is made', () => {
    const dataDir = newDataDir()
    const fromEnvironment = 'sixteen letters!'
    expect(loadSecretKeys({ dataDir, fromEnvironment })).toEqual(loadSecretKeys({ dataDir, fromEnvironment }))
    expect(() => statSync(dataDir)).toThrow('ENOENT')
  })

  test('differs from one text to another', () => {
    const [one, other] = ['sixteen letters!', 'sixteen letters?'].map((fromEnvironment) =>
      loadSecretKeys({ dataDir: folder, fromEnvironment }),
    )
    expect(one).not.toEqual(other)
  })

  test.each(['', 'fifteen letters'])(
    'is refused when it is too short, without being repeated: %p',
    (secret) => {
      const load = (): readonly Buffer[] => loadSecretKeys({ dataDir: folder, fromEnvironment: secret })
      expect(load).toThrow('GROK2API_SECRET_KEY must have at least 16 characters')
      expect(load).toThrow(SecretKeyError)
    },
  )

  test('has the old one behind it while there is one', () => {
    const fromEnvironment = 'sixteen letters!'
    const oldFromEnvironment = 'sixteen letters?'
    const keys = loadSecretKeys({ dataDir: folder, fromEnvironment, oldFromEnvironment })
    expect(keys).toEqual([
      ...loadSecretKeys({ dataDir: folder, fromEnvironment }),
      ...loadSecretKeys({ dataDir: folder, fromEnvironment: oldFromEnvironment }),
    ])
  })
})

describe('a change of the key in the file', () => {
  test('puts the new one first and keeps the old one, until that is dropped', () => {
    const dataDir = newDataDir()
    const [old] = loadSecretKeys({ dataDir })
    addSecretKey(dataDir)
    const both = loadSecretKeys({ dataDir })
    expect(both).toHaveLength(2)
    expect(both[1]).toEqual(old as Buffer)
    dropOldSecretKeys(dataDir)
    expect(loadSecretKeys({ dataDir })).toEqual(both.slice(0, 1))
    expect(readdirSync(dataDir)).toEqual(['secret.key'])
    expect(statSync(pathIn(dataDir)).mode & 0o777).toBe(0o600)
  })
})
