import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { SettingsFaultError } from '../src/config/settings-patch.ts'
import { SettingsService } from '../src/config/settings.ts'
import { ConfigFile } from '../src/store/config-file.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-'))
  path = join(folder, 'config.toml')
})

afterEach(() => rm(folder, { recursive: true }))

const open = (environment: Record<string, string> = {}) =>
  SettingsService.open({ persistence: new ConfigFile({ path }), environment })

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

test('what is saved is there after a restart', async () => {
  const first = await open()
  await first.ensureGenerated()
  await first.save({ proxy: { egress: { proxy_pool: 'http://a:1\nhttp://b:2' } }, 'chat.timeout': 0.5 })
  const second = await open()
  expect(second.current).toEqual(first.current)
  expect(second.version).toBe(first.version)
  expect(second.warnings).toEqual([])
})

test('a save with a null, an unknown choice and an empty number leaves the file untouched', async () => {
  const text = '# mine\n[app]\napp_key = "admin"\n'
  await writeFile(path, text)
  const service = await open()
  const patch = { features: { stream: null }, proxy: { egress: { mode: 'x' } }, retry: { max_retries: '' } }
  expect(await failureOf(service.save(patch))).toBeInstanceOf(SettingsFaultError)
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('a truncated file starts with defaults, keys of its own and a warning, and stays as it is', async () => {
  await writeFile(path, '[app]\napi_key = ["a", ')
  const service = await open()
  expect((await service.ensureGenerated()).map(({ stored }) => stored)).toEqual([false, false])
  expect(service.warnings[0]?.message).toContain('not valid TOML at line')
  expect(await readFile(path, 'utf8')).toBe('[app]\napi_key = ["a", ')
})

test('two services on one file see the changes of one another', async () => {
  const [one, two] = [await open(), await open()]
  await Promise.all([one.save({ 'chat.timeout': 5 }), two.save({ 'video.timeout': 6 })])
  await Promise.all([one.refresh(), two.refresh()])
  expect(one.current).toEqual(two.current)
  expect([one.current.chat.timeout, one.current.video.timeout]).toEqual([5, 6])
})

test('any bytes as the file give settings', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      await writeFile(path, bytes)
      expect((await open()).current.chat.timeout).toBe(60)
    }),
  )
})
