import { runStreams, type StreamReport } from '../load-client.ts'
import type { BenchmarkResult, Figure } from '../report.ts'
import type { ServiceProcess } from '../service-process.ts'
import { setPacing, type Pacing, type StreamChannel } from '../services.ts'
import { median } from '../statistics.ts'
import { chatTarget } from '../targets.ts'
import { openStreamBench } from '../stream-bench.ts'

const TOKENS = 100
const CONCURRENCY = 16
const PAIRS = 7
const MAX_RATIO = 1.5

interface Case {
  readonly label: string
  readonly pacing: Pacing
  readonly streamsPerRun: number
}

/** Runs last long enough for the kernel's clock ticks of 10 ms not to matter. */
const cases: readonly Case[] = [
  {
    label: 'one frame per write',
    pacing: { paceMilliseconds: 2, framesPerWrite: 1 },
    streamsPerRun: 240,
  },
  {
    label: 'five frames per write',
    pacing: { paceMilliseconds: 2, framesPerWrite: 5 },
    streamsPerRun: 600,
  },
]

/** Until the JIT compilers have little left to do: with less, a fifth of what is measured is compiling. */
const warmUps: readonly Omit<Case, 'label'>[] = [
  { pacing: { paceMilliseconds: 0, framesPerWrite: 1 }, streamsPerRun: 6000 },
  { pacing: { paceMilliseconds: 0, framesPerWrite: 10 }, streamsPerRun: 6000 },
  { pacing: { paceMilliseconds: 1, framesPerWrite: 3 }, streamsPerRun: 5000 },
]
const WARM_UP_CONCURRENCY = 48

/** CPU time that a stream of 100 tokens costs the gateway over HTTP, against the least that a relay on Bun needs. */
export function measureStreamCpu(): Promise<BenchmarkResult> {
  return measure('stream-cpu', 'runtime')
}

/** The same over the gateway socket, against a relay over such sockets. */
export function measureSocketCpu(): Promise<BenchmarkResult> {
  return measure('socket-cpu', 'socket')
}

/** The same over HTTP with a browser's handshakes, against a relay that calls through the same library. */
export function measureBrowserCpu(): Promise<BenchmarkResult> {
  return measure('browser-cpu', 'browser')
}

/** The same over sockets with a browser's handshakes, against a relay over such sockets. */
export function measureBrowserSocketCpu(): Promise<BenchmarkResult> {
  return measure('browser-socket-cpu', 'browser-socket')
}

async function measure(name: string, channel: StreamChannel): Promise<BenchmarkResult> {
  await using bench = await openStreamBench('first-core', channel)
  const { upstream, gateway, relay } = bench
  for (const { pacing, streamsPerRun } of warmUps) {
    await setPacing(upstream.url, pacing)
    for (const service of [gateway, relay]) await cpuPerStream(service, streamsPerRun, WARM_UP_CONCURRENCY)
  }
  const figures: Figure[] = []
  const raw: Record<string, unknown> = {}
  for (const { label, pacing, streamsPerRun } of cases) {
    await setPacing(upstream.url, pacing)
    const pairs: { gateway: number; relay: number }[] = []
    for (let pair = 0; pair < PAIRS; pair++) {
      pairs.push({
        gateway: await cpuPerStream(gateway, streamsPerRun),
        relay: await cpuPerStream(relay, streamsPerRun),
      })
    }
    figures.push(...figuresOf(label, pairs))
    raw[label] = { pacing, streamsPerRun, pairs }
  }
  return {
    name,
    method: `CPU (user + system) per stream of ${TOKENS} tokens, ${CONCURRENCY} at once, ${PAIRS} pairs of runs, medians`,
    figures,
    raw,
  }
}

/** Microseconds of CPU for each of so many streams. */
async function cpuPerStream(
  service: ServiceProcess,
  streams: number,
  concurrency = CONCURRENCY,
): Promise<number> {
  const before = service.cpuMilliseconds()
  const reports = await runStreams(chatTarget(service.url, TOKENS), { streams, concurrency })
  requireWhole(reports)
  return ((service.cpuMilliseconds() - before) * 1000) / streams
}

function requireWhole(reports: readonly StreamReport[]): void {
  const broken = reports.filter(({ isWhole, tokens }) => !isWhole || tokens !== TOKENS).length
  if (broken > 0) throw new Error(`${broken} of ${reports.length} streams were not whole`)
}

function figuresOf(label: string, pairs: readonly { gateway: number; relay: number }[]): Figure[] {
  const ratio = median(pairs.map(({ gateway, relay }) => gateway / relay))
  return [
    { label: `gateway, ${label}`, value: median(pairs.map(({ gateway }) => gateway)), unit: 'µs' },
    { label: `bare relay, ${label}`, value: median(pairs.map(({ relay }) => relay)), unit: 'µs' },
    { label: `ratio, ${label}`, value: ratio, unit: '', target: { bound: 'max', value: MAX_RATIO } },
  ]
}
