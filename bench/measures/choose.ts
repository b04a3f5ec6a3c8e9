import { makePool } from '../account-pool.ts'
import { IN_FLIGHT, PickLoop } from '../pick-loop.ts'
import type { BenchmarkResult } from '../report.ts'
import { quantile } from '../statistics.ts'

const SMALL_POOL = 1_000
const LARGE_POOL = 100_000
const WARM_UP = 100_000
const PICKS = 300_000
/** So many that a collection more or less does not count. */
const PICKS_OF_ALLOCATION_RUN = 1_000_000

const MAX_P50_US = 5
const MAX_P99_US = 50
/** What counts as "independent of the pool's size", given what collections add. */
const MAX_BYTES_RATIO = 1.25

/** Choosing an account among many: time and memory for each choice. */
export async function measureChoose(): Promise<BenchmarkResult> {
  const times = timePicks()
  const smallBytes = await bytesPerPick(SMALL_POOL)
  const largeBytes = await bytesPerPick(LARGE_POOL)
  const time = (label: string, values: readonly number[], share: number) => ({
    label,
    value: quantile(values, share),
    unit: 'µs',
  })
  return {
    name: 'choose',
    method: `${PICKS} picks among ${LARGE_POOL} accounts, ${IN_FLIGHT} requests running; bytes per pick of ${PICKS_OF_ALLOCATION_RUN} picks`,
    figures: [
      time('reserve p50', times.reserve, 0.5),
      time('reserve p99', times.reserve, 0.99),
      { ...time('reserve + settle p50', times.both, 0.5), target: { bound: 'max', value: MAX_P50_US } },
      { ...time('reserve + settle p99', times.both, 0.99), target: { bound: 'max', value: MAX_P99_US } },
      { label: `bytes per pick, ${SMALL_POOL} accounts`, value: Math.round(smallBytes), unit: 'B' },
      { label: `bytes per pick, ${LARGE_POOL} accounts`, value: Math.round(largeBytes), unit: 'B' },
      {
        label: 'bytes per pick, large pool / small pool',
        value: largeBytes / smallBytes,
        unit: '',
        target: { bound: 'max', value: MAX_BYTES_RATIO },
      },
    ],
    raw: { quantiles: quantilesOf(times), smallBytes, largeBytes },
  }
}

interface PickTimes {
  readonly reserve: number[]
  readonly both: number[]
}

/** In microseconds. */
function timePicks(): PickTimes {
  const times: PickTimes = { reserve: [], both: [] }
  const loop = new PickLoop(makePool(LARGE_POOL))
  loop.run(WARM_UP)
  loop.run(PICKS, (startedAt, reservedAt, settledAt) => {
    times.reserve.push((reservedAt - startedAt) / 1000)
    times.both.push((settledAt - startedAt) / 1000)
  })
  return times
}

/** What the runtime's collector was told to make room for, while another process did nothing but pick. */
async function bytesPerPick(accounts: number): Promise<number> {
  const script = `${import.meta.dir}/../pick-allocations.ts`
  const child = Bun.spawn(
    [process.execPath, script, String(accounts), String(WARM_UP), String(PICKS_OF_ALLOCATION_RUN)],
    { env: { BUN_JSC_logGC: '1' }, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' },
  )
  const log = await child.stderr.text()
  if ((await child.exited) !== 0) throw new Error(`picking failed: ${log.slice(-2000)}`)
  const during = log.slice(log.indexOf('picks begin'), log.indexOf('picks end'))
  const cycles = [...during.matchAll(/bytes allocated this cycle: (\d+)/g)]
  return cycles.reduce((sum, [, bytes]) => sum + Number(bytes), 0) / PICKS_OF_ALLOCATION_RUN
}

function quantilesOf({ reserve, both }: PickTimes) {
  const shares = [0.5, 0.9, 0.99, 0.999, 1]
  return shares.map((share) => ({ share, reserve: quantile(reserve, share), both: quantile(both, share) }))
}
