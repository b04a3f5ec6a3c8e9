import { runStreams, type StreamReport } from '../load-client.ts'
import type { BenchmarkResult, Figure } from '../report.ts'
import { setPacing } from '../services.ts'
import { quantile } from '../statistics.ts'
import { openStreamBench, ways, type Way } from '../stream-bench.ts'

const STREAMS = 512
const TOKENS = 64
const PACE_MS = 20
const ROUNDS = 3
const MAX_GAP_MS = 200
const WARM_UP = 2000

/** What one round of one way was like. */
interface Round {
  readonly whole: number
  readonly p50GapMs: number
  readonly p99GapMs: number
  readonly maxGapMs: number
}

/** Many slow streams through one core: do all end whole, and does none of them stall? */
export async function measureManyStreams(): Promise<BenchmarkResult> {
  await using bench = await openStreamBench('first-core')
  const { upstream } = bench
  const targets = bench.targets(TOKENS)
  await setPacing(upstream.url, { paceMilliseconds: 0, framesPerWrite: 1 })
  for (const way of ways) await runStreams(targets[way], { streams: WARM_UP, concurrency: 32 })
  await setPacing(upstream.url, { paceMilliseconds: PACE_MS, framesPerWrite: 1 })
  const rounds: Record<Way, Round[]> = { direct: [], relay: [], gateway: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ways) {
      const reports = await runStreams(targets[way], { streams: STREAMS, concurrency: STREAMS })
      rounds[way].push(summarise(reports))
    }
  }
  return {
    name: 'many-streams',
    method: `${STREAMS} streams at once of ${TOKENS} tokens, one each ${PACE_MS} ms; the gateway has one core, emulator and load generator share the other; the worst of ${ROUNDS} rounds`,
    figures: ways.flatMap((way) => figuresOf(way, rounds[way])),
    raw: rounds,
  }
}

function summarise(reports: readonly StreamReport[]): Round {
  const gaps = reports.flatMap(({ gapsMs }) => gapsMs)
  return {
    whole: reports.filter(({ isWhole, tokens }) => isWhole && tokens === TOKENS).length,
    p50GapMs: quantile(gaps, 0.5),
    p99GapMs: quantile(gaps, 0.99),
    maxGapMs: quantile(gaps, 1),
  }
}

/** Only the gateway has targets: the others show what the emulator and the load generator add by themselves. */
function figuresOf(way: Way, rounds: readonly Round[]): Figure[] {
  const whole: Figure = {
    label: `${way}: streams complete`,
    value: Math.min(...rounds.map(({ whole }) => whole)),
    unit: '',
  }
  const longest: Figure = {
    label: `${way}: longest gap`,
    value: Math.max(...rounds.map(({ maxGapMs }) => maxGapMs)),
    unit: 'ms',
  }
  const p99: Figure = {
    label: `${way}: gap p99`,
    value: Math.max(...rounds.map(({ p99GapMs }) => p99GapMs)),
    unit: 'ms',
  }
  if (way !== 'gateway') return [whole, p99, longest]
  return [
    { ...whole, target: { bound: 'min', value: STREAMS } },
    p99,
    { ...longest, target: { bound: 'max', value: MAX_GAP_MS } },
  ]
}
