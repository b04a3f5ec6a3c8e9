import { runStreams, type StreamReport } from '../load-client.ts'
import type { BenchmarkResult, Figure } from '../report.ts'
import type { ServiceProcess } from '../service-process.ts'
import { setPacing, type Pacing, type StreamChannel } from '../services.ts'
import { median } from '../statistics.ts'
import { chatTarget } from '../targets.ts'
import { openStreamBench } from '../stream-bench.ts'

const TOKENS = 100
const CONCURRENCY = 16
/** Two starts of the same programs differ by up to 10 %: it is not the same code that the compilers make of them. */
const STARTS = 3
const PAIRS_PER_START = 5
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

interface WarmUp {
  readonly pacing: Pacing
  readonly streams: number
  readonly tokens: number
}

/**
 * Until the JIT compilers have little left to do: with less, a fifth of what is measured is compiling. The short streams
 * are for what runs once a request: without them it is still being compiled while the cases are measured.
 */
const warmUps: readonly WarmUp[] = [
  { pacing: { paceMilliseconds: 0, framesPerWrite: 1 }, streams: 6_000, tokens: TOKENS },
  { pacing: { paceMilliseconds: 0, framesPerWrite: 10 }, streams: 6_000, tokens: TOKENS },
  { pacing: { paceMilliseconds: 1, framesPerWrite: 3 }, streams: 5_000, tokens: TOKENS },
  { pacing: { paceMilliseconds: 0, framesPerWrite: 5 }, streams: 20_000, tokens: 1 },
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
  // one start alone takes some seven minutes, so dear are its handshakes
  return measure('browser-socket-cpu', 'browser-socket', 1)
}

async function measure(name: string, channel: StreamChannel, startCount = STARTS): Promise<BenchmarkResult> {
  const starts: (readonly CasePairs[])[] = []
  for (let start = 0; start < startCount; start++) starts.push(await measureStart(channel))
  const pairsOf = (index: number): Pair[] => starts.flatMap((measured) => measured[index]?.pairs ?? [])
  return {
    name,
    method: `CPU (user + system) per stream of ${TOKENS} tokens, ${CONCURRENCY} at once, medians of ${startCount} starts of ${PAIRS_PER_START} pairs of runs`,
    figures: cases.flatMap(({ label }, index) => figuresOf(label, pairsOf(index))),
    raw: { cases, starts },
  }
}

interface Pair {
  readonly gateway: number
  readonly relay: number
}

interface CasePairs {
  readonly label: string
  readonly pairs: readonly Pair[]
}

/** The pairs of every case, of programs that were started for them. */
async function measureStart(channel: StreamChannel): Promise<readonly CasePairs[]> {
  await using bench = await openStreamBench('first-core', channel)
  const { upstream, gateway, relay } = bench
  for (const { pacing, ...run } of warmUps) {
    await setPacing(upstream.url, pacing)
    for (const service of [gateway, relay])
      await cpuPerStream(service, { ...run, concurrency: WARM_UP_CONCURRENCY })
  }
  const measured: CasePairs[] = []
  for (const { label, pacing, streamsPerRun: streams } of cases) {
    await setPacing(upstream.url, pacing)
    const run = { streams, tokens: TOKENS, concurrency: CONCURRENCY }
    const pairs: Pair[] = []
    for (let pair = 0; pair < PAIRS_PER_START; pair++) {
      pairs.push({ gateway: await cpuPerStream(gateway, run), relay: await cpuPerStream(relay, run) })
    }
    measured.push({ label, pairs })
  }
  return measured
}

interface Run {
  readonly streams: number
  readonly tokens: number
  readonly concurrency: number
}

/** Microseconds of CPU for each of so many streams. */
async function cpuPerStream(service: ServiceProcess, { streams, tokens, concurrency }: Run): Promise<number> {
  const before = service.cpuMilliseconds()
  requireWhole(await runStreams(chatTarget(service.url, tokens), { streams, concurrency }), tokens)
  return ((service.cpuMilliseconds() - before) * 1000) / streams
}

function requireWhole(reports: readonly StreamReport[], expected: number): void {
  const broken = reports.filter(({ isWhole, tokens }) => !isWhole || tokens !== expected).length
  if (broken > 0) throw new Error(`${broken} of ${reports.length} streams were not whole`)
}

function figuresOf(label: string, pairs: readonly Pair[]): Figure[] {
  const ratio = median(pairs.map(({ gateway, relay }) => gateway / relay))
  return [
    { label: `gateway, ${label}`, value: median(pairs.map(({ gateway }) => gateway)), unit: 'µs' },
    { label: `bare relay, ${label}`, value: median(pairs.map(({ relay }) => relay)), unit: 'µs' },
    { label: `ratio, ${label}`, value: ratio, unit: '', target: { bound: 'max', value: MAX_RATIO } },
  ]
}
