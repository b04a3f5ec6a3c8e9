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
import { loadSecretKey, SecretKeyError } from './secret-key.ts'

const folder = mkdtempSync(join(tmpdir(), 'grok2api-key-'))
let folders = 0
const newDataDir = (): string => join(folder, `${++folders}`)
const pathIn = (dataDir: string): string => join(dataDir, 'secret.key')
afterAll(() => rmSync(folder, { recursive: true }))

describe('the key in a file', () => {
  test('is made on the first start, for its owner only, and nothing else is left there', () => {
    const dataDir = newDataDir()
    expect(loadSecretKey({ dataDir })).toHaveLength(32)
    expect(statSync(pathIn(dataDir)).mode & 0o777).toBe(0o600)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    expect(readdirSync(dataDir)).toEqual(['secret.key'])
  })

  test('is the same at every later start', () => {
    const dataDir = newDataDir()
    const key = loadSecretKey({ dataDir })
    expect(loadSecretKey({ dataDir })).toEqual(key)
    expect(readFileSync(pathIn(dataDir), 'utf8').trim()).toBe(key.toString('base64'))
  })

  test('differs from one data folder to another', () => {
    expect(loadSecretKey({ dataDir: newDataDir() })).not.toEqual(loadSecretKey({ dataDir: newDataDir() }))
  })

  test('survives a first start that was broken off with its draft still there', () => {
    const dataDir = newDataDir()
    const key = loadSecretKey({ dataDir })
    // in a container every start has the same process id
    linkSync(pathIn(dataDir), `${pathIn(dataDir)}.${process.pid}.tmp`)
    expect(loadSecretKey({ dataDir })).toEqual(key)
    expect(readFileSync(pathIn(dataDir), 'utf8').trim()).toBe(key.toString('base64'))
  })

  test('is one and the same for processes that start at once', async () => {
    const dataDir = newDataDir()
    const code = `
      import { loadSecretKey } from '${import.meta.dir}/secret-key.ts'
      console.log(loadSecretKey({ dataDir: ${JSON.stringify(dataDir)} }).toString('base64'))`
    const starts = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe' }),
    )
    const keys = await Promise.all(starts.map((start) => start.stdout.text()))
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]?.trim()).toBe(loadSecretKey({ dataDir }).toString('base64'))
    expect(readdirSync(dataDir)).toEqual(['secret.key'])
  }, 30_000)

  test.each([0o640, 0o604, 0o660, 0o644])(
    'is refused with mode %o, and the message says what to do',
    (mode) => {
      const dataDir = newDataDir()
      loadSecretKey({ dataDir })
      chmodSync(pathIn(dataDir), mode)
      expect(() => loadSecretKey({ dataDir })).toThrow(`run: chmod 600 ${pathIn(dataDir)}`)
    },
  )

  test.each(['', 'c2hvcnQ=', '%%%'])('is refused when it holds %p, and is not replaced', (content) => {
    const dataDir = newDataDir()
    loadSecretKey({ dataDir })
    writeFileSync(pathIn(dataDir), content)
    expect(() => loadSecretKey({ dataDir })).toThrow(SecretKeyError)
    expect(readFileSync(pathIn(dataDir), 'utf8')).toBe(content)
  })
})

describe('the key from the environment', () => {
  test('is always the same for the same text, and no file is made', () => {
    const dataDir = newDataDir()
    const fromEnvironment = 'sixteen letters!'
    expect(loadSecretKey({ dataDir, fromEnvironment })).toEqual(loadSecretKey({ dataDir, fromEnvironment }))
    expect(() => statSync(dataDir)).toThrow('ENOENT')
  })

  test('differs from one text to another', () => {
    const [one, other] = ['sixteen letters!', 'sixteen letters?'].map((fromEnvironment) =>
      loadSecretKey({ dataDir: folder, fromEnvironment }),
    )
    expect(one).not.toEqual(other)
  })

  test.each(['', 'fifteen letters'])(
    'is refused when it is too short, without being repeated: %p',
    (secret) => {
      const load = (): Buffer => loadSecretKey({ dataDir: folder, fromEnvironment: secret })
      expect(load).toThrow('GROK2API_SECRET_KEY must have at least 16 characters')
      expect(load).toThrow(SecretKeyError)
    },
  )
})
