import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createEmulatorControl, type EmulatorControl } from '../../emulator/control/control-client.ts'
import { startEmulator } from '../../emulator/server.ts'
import { runCommand, startCommand } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { onEveryStore, type StoreEnvironment } from '../harness/stores.ts'

/*
 * Both processes of a gateway are killed while each of a row of videos is at another moment of its making: every video
 * ends once, the upstream was asked for each clip once, and the file is whole.
 */

const ROUNDS = 4
const VIDEOS_PER_ROUND = 5
/** How long the upstream works at a clip. */
const CLIP_SECONDS = 0.5
/** Between two videos of a round, so that one kill meets them at different moments. */
const STAGGER_MS = 260
const API_KEY = 'sk-test'

interface Gateway {
  readonly url: string
  kill(): Promise<void>
}

async function start(environment: StoreEnvironment): Promise<Gateway> {
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  const child = startCommand(['serve'], { ...environment, SERVER_PORT: String(port) })
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually(isReady, Boolean, 30_000)
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

interface VideoAnswer {
  readonly id: string
  readonly status: string
  readonly error: unknown
}

const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }

/** Every other video is of one clip, which belongs to no post. */
const secondsOf = (prompt: string): number => (prompt.charCodeAt(prompt.length - 2) % 2 === 0 ? 20 : 6)

async function create(url: string, prompt: string): Promise<string> {
  const body = JSON.stringify({ prompt, seconds: secondsOf(prompt) })
  const response = await fetch(`${url}/v1/videos`, { method: 'POST', headers, body })
  return ((await response.json()) as VideoAnswer).id
}

async function ended(url: string, id: string): Promise<VideoAnswer> {
  const read = async (): Promise<VideoAnswer> => {
    const response = await fetch(`${url}/v1/videos/${id}`, { headers })
    return (await response.json()) as VideoAnswer
  }
  return eventually(read, ({ status }) => status === 'completed' || status === 'failed', 60_000)
}

/** Makes a row of videos, kills both processes while they are made, and starts two others. */
async function runRound(
  gateways: readonly [Gateway, Gateway],
  environment: StoreEnvironment,
  prompts: readonly string[],
): Promise<{ readonly ids: readonly string[]; readonly next: readonly [Gateway, Gateway] }> {
  const ids: string[] = []
  for (const [index, prompt] of prompts.entries()) {
    ids.push(await create(gateways[index % 2 === 0 ? 0 : 1].url, prompt))
    await Bun.sleep(STAGGER_MS * Math.random() * 2)
  }
  await Promise.all(gateways.map((gateway) => gateway.kill()))
  return { ids, next: [await start(environment), await start(environment)] }
}

onEveryStore('a killed gateway', ({ name, prepare }) => {
  let emulator: EmulatorControl
  let stopEmulator: () => Promise<void>
  let environment: StoreEnvironment

  beforeAll(async () => {
    const upstream = startEmulator()
    stopEmulator = async () => upstream.stop()
    emulator = createEmulatorControl(upstream.url)
    const accounts = ['a', 'b', 'c'].map((letter) => ({ token: `token-${letter}`, tier: 'heavy' as const }))
    await emulator.setAccounts(accounts)
    await emulator.setBehaviour({ videoSeconds: CLIP_SECONDS })
    environment = {
      ...(await prepare()),
      SERVER_HOST: '127.0.0.1',
      LOG_LEVEL: 'ERROR',
      LOG_FILE_ENABLED: 'false',
      GROK_APP_API_KEY: API_KEY,
      GROK_UPSTREAM_BASE_URL: upstream.url,
      GROK_UPSTREAM_ASSETS_URL: `${upstream.url}/assets`,
      GROK_VIDEO_TIMEOUT: '1',
    }
    const file = `${environment['DATA_DIR']}/tokens.txt`
    await Bun.write(file, accounts.map(({ token }) => token).join('\n'))
    await runCommand(['import', file, '--tier', 'heavy'], environment)
  })

  afterAll(() => stopEmulator())

  // what is tried here is the order of records and requests, which is the same on every store: two of them are enough
  test.skipIf(name !== 'SQLite' && name !== 'PostgreSQL')(
    'makes every clip once and every video whole, whenever it is killed',
    async () => {
      let gateways: readonly [Gateway, Gateway] = [await start(environment), await start(environment)]
      const made = new Map<string, string>()
      for (let round = 0; round < ROUNDS; round++) {
        const prompts = Array.from({ length: VIDEOS_PER_ROUND }, (_, index) => `video ${round}-${index}.`)
        const { ids, next } = await runRound(gateways, environment, prompts)
        gateways = next
        for (const [index, id] of ids.entries()) made.set(id, prompts[index] ?? '')
      }
      const [{ url }] = gateways
      for (const id of made.keys())
        expect(await ended(url, id)).toMatchObject({ status: 'completed', error: null })
      const generations = await emulator.generations()
      for (const [id, prompt] of made) {
        const clips = generations.filter((generation) => generation.prompt.startsWith(prompt))
        const seconds = secondsOf(prompt)
        expect(clips.map(({ startTime }) => startTime)).toEqual(seconds === 20 ? [null, 10.041667] : [null])
        expect(clips[0]?.dialect).toBe(seconds === 20 ? 'v2' : 'v3')
        const content = await fetch(`${url}/v1/videos/${id}/content`, { headers })
        expect(durationOf(await content.bytes())).toBeCloseTo(seconds, 0)
      }
      await Promise.all(gateways.map((gateway) => gateway.kill()))
    },
    240_000,
  )
})

/** The length of an MP4 in seconds, from its movie header. */
function durationOf(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes)
  const at = buffer.indexOf('mvhd') + 4
  return buffer.readUInt32BE(at + 16) / buffer.readUInt32BE(at + 12)
}
