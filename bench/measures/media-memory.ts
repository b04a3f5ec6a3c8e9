import { createEmulatorControl } from '../../emulator/control/control-client.ts'
import { asObject, type JsonObject } from '../../src/util/json-fields.ts'
import type { BenchmarkResult } from '../report.ts'
import type { ServiceProcess } from '../service-process.ts'
import { API_KEY, makeTokens, openWorkspace, startGateway, startUpstream } from '../services.ts'

const VIDEOS = 50
const IMAGES = 200
const ACCOUNTS = 64
/** How long the upstream works at a clip: long enough that all are under way at once. */
const VIDEO_SECONDS = 4
const MAX_GROWTH_MB = 150
const SAMPLE_PAUSE_MS = 50
const WAIT_LIMIT_MS = 120_000

/** How much memory pictures and films take, all at once: none may be whole in memory for long. */
export async function measureMediaMemory(): Promise<BenchmarkResult> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(openWorkspace())
  const tokens = makeTokens(ACCOUNTS)
  const upstream = stack.use(await startUpstream(path, tokens))
  const control = createEmulatorControl(upstream.url)
  await control.setBehaviour({ videoSeconds: VIDEO_SECONDS, imageSeconds: 1 })
  const environment = {
    GROK_VIDEO_CONCURRENCY: String(VIDEOS),
    GROK_UPSTREAM_ASSETS_URL: `${upstream.url}/assets`,
  }
  const gateway = stack.use(
    await startGateway(path, { upstreamUrl: upstream.url, tokens, side: 'any-core', environment }),
  )
  await makeImage(gateway)
  await finish(gateway, [await createVideo(gateway)])
  const idleMb = gateway.residentMb()
  using sampler = sample(gateway)
  const ids = await Promise.all(Array.from({ length: VIDEOS }, () => createVideo(gateway)))
  await Promise.all([finish(gateway, ids), ...Array.from({ length: IMAGES }, () => makeImage(gateway))])
  const peakMb = sampler.peakMb()
  return {
    name: 'media-memory',
    method: `RSS while ${VIDEOS} videos and ${IMAGES} pictures are made at once, above that after one of each`,
    figures: [
      { label: 'after one of each', value: idleMb, unit: 'MB' },
      { label: 'peak', value: peakMb, unit: 'MB' },
      { label: 'growth', value: peakMb - idleMb, unit: 'MB', target: { bound: 'max', value: MAX_GROWTH_MB } },
    ],
    raw: { idleMb, peakMb },
  }
}

const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }

async function ask({ url }: ServiceProcess, path: string, body?: object): Promise<JsonObject> {
  const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers }
  const response = await fetch(url + path, init)
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return asObject(await response.json()) ?? {}
}

/** Many clients have patience: where all accounts are busy they come back. */
async function makeImage(gateway: ServiceProcess): Promise<void> {
  const until = Date.now() + WAIT_LIMIT_MS
  const body = { model: 'grok-imagine-image', prompt: 'a boat', response_format: 'url' }
  for (;;) {
    try {
      await ask(gateway, '/v1/images/generations', body)
      return
    } catch (error) {
      if (!String(error).includes('429') || Date.now() > until) throw error
      await Bun.sleep(200)
    }
  }
}

async function createVideo(gateway: ServiceProcess): Promise<string> {
  return String((await ask(gateway, '/v1/videos', { prompt: 'a boat' }))['id'])
}

async function finish(gateway: ServiceProcess, ids: readonly string[]): Promise<void> {
  const until = Date.now() + WAIT_LIMIT_MS
  for (const id of ids) {
    for (;;) {
      const { status, error } = await ask(gateway, `/v1/videos/${id}`)
      if (status === 'completed') break
      if (status === 'failed' || Date.now() > until)
        throw new Error(`a video ended as ${JSON.stringify({ status, error })}`)
      await Bun.sleep(200)
    }
  }
}

function sample(gateway: ServiceProcess): { peakMb(): number; [Symbol.dispose](): void } {
  let peak = gateway.residentMb()
  const timer = setInterval(() => {
    peak = Math.max(peak, gateway.residentMb())
  }, SAMPLE_PAUSE_MS)
  return { peakMb: () => peak, [Symbol.dispose]: () => clearInterval(timer) }
}
