import { connect, encodeRequest, runStreams, type StreamTarget } from '../load-client.ts'
import type { BenchmarkResult, Figure } from '../report.ts'
import { setPacing } from '../services.ts'
import { quantile } from '../statistics.ts'
import { openStreamBench, ways, type Way } from '../stream-bench.ts'

const TOKENS = 8
/** Compiling threads would take the cores from those that are measured. */
const WARM_UP = 15_000
const WARM_UP_CONCURRENCY = 16
const BLOCKS = 30
const STREAMS_PER_BLOCK = 250
/** The share of the blocks that is looked at: those in which even the emulator alone was least disturbed. */
const CALM_SHARE = 1 / 3
const MAX_ADDED_MS = 1

type Times = Record<Way, number[]>

/** How much later the first token comes through the gateway, one stream at a time. */
export async function measureFirstToken(): Promise<BenchmarkResult> {
  await using bench = await openStreamBench('any-core')
  await setPacing(bench.upstream.url, { paceMilliseconds: 0, framesPerWrite: 1 })
  const targets = bench.targets(TOKENS)
  for (const way of ways) {
    await runStreams(targets[way], { streams: WARM_UP, concurrency: WARM_UP_CONCURRENCY })
  }
  await runBlock(targets, STREAMS_PER_BLOCK)
  const blocks: Times[] = []
  for (let block = 0; block < BLOCKS; block++) blocks.push(await runBlock(targets, STREAMS_PER_BLOCK))
  const calm = calmest(blocks)
  return {
    name: 'first-token',
    method: `time to the first token, one stream at a time, the three ways in turn; the ${calm.length} of ${BLOCKS} blocks of ${STREAMS_PER_BLOCK} streams in which the direct way was calmest`,
    figures: figuresOf(calm),
    raw: { calm: summarise(pool(calm)), all: summarise(pool(blocks)), blocks: blocks.map(summarise) },
  }
}

/** Chosen by the way that has neither gateway nor relay in it, so that the choice favours neither. */
function calmest(blocks: readonly Times[]): readonly Times[] {
  const byNoise = blocks.toSorted((a, b) => quantile(a.direct, 0.99) - quantile(b.direct, 0.99))
  return byNoise.slice(0, Math.ceil(blocks.length * CALM_SHARE))
}

function pool(blocks: readonly Times[]): Times {
  const all = (way: Way): number[] => blocks.flatMap((times) => times[way])
  return { direct: all('direct'), relay: all('relay'), gateway: all('gateway') }
}

function summarise(times: Times) {
  const at = (way: Way) => [0.5, 0.9, 0.99, 1].map((share) => quantile(times[way], share))
  return { quantiles: [0.5, 0.9, 0.99, 1], direct: at('direct'), relay: at('relay'), gateway: at('gateway') }
}

/** The three ways in turn, stream by stream, so that whatever disturbs the machine disturbs all. */
async function runBlock(targets: Record<Way, StreamTarget>, streams: number): Promise<Times> {
  using direct = await connect(targets.direct)
  using relay = await connect(targets.relay)
  using gateway = await connect(targets.gateway)
  const connections = { direct, relay, gateway }
  const requests = {
    direct: encodeRequest(targets.direct),
    relay: encodeRequest(targets.relay),
    gateway: encodeRequest(targets.gateway),
  }
  const times: Times = { direct: [], relay: [], gateway: [] }
  for (let stream = 0; stream < streams; stream++) {
    for (const way of ways) times[way].push((await connections[way].run(requests[way])).firstTokenMs)
  }
  return times
}

function figuresOf(blocks: readonly Times[]): Figure[] {
  const times = pool(blocks)
  const at = (way: Way, share: number): number => quantile(times[way], share)
  const added = (base: Way, share: number): number => at('gateway', share) - at(base, share)
  const unit = 'ms'
  return [
    ...ways.flatMap((way) => [
      { label: `${way} p50`, value: at(way, 0.5), unit },
      { label: `${way} p99`, value: at(way, 0.99), unit },
    ]),
    { label: 'gateway p50 - direct p50', value: added('direct', 0.5), unit },
    { label: 'gateway p99 - direct p99', value: added('direct', 0.99), unit },
    { label: 'gateway p50 - relay p50', value: added('relay', 0.5), unit },
    {
      label: 'gateway p99 - relay p99',
      value: added('relay', 0.99),
      unit,
      target: { bound: 'max', value: MAX_ADDED_MS },
    },
  ]
}
