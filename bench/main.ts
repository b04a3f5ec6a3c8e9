import { measureChoose } from './measures/choose.ts'
import { measureFirstToken } from './measures/first-token.ts'
import { measureIdleMemory } from './measures/idle-memory.ts'
import { measureLargePrompt } from './measures/large-prompt.ts'
import { measureManyAccounts } from './measures/many-accounts.ts'
import { measureManyStreams } from './measures/many-streams.ts'
import { measureMediaMemory } from './measures/media-memory.ts'
import {
  measureBrowserCpu,
  measureBrowserSocketCpu,
  measureSocketCpu,
  measureStreamCpu,
} from './measures/stream-cpu.ts'
import { readMachineFacts } from './machine.ts'
import { isMet, printResult, saveRun, type BenchmarkResult } from './report.ts'
import { pinSelf } from './service-process.ts'

const benchmarks: ReadonlyMap<string, () => Promise<BenchmarkResult>> = new Map([
  ['stream-cpu', measureStreamCpu],
  ['socket-cpu', measureSocketCpu],
  ['browser-cpu', measureBrowserCpu],
  ['browser-socket-cpu', measureBrowserSocketCpu],
  ['first-token', measureFirstToken],
  ['many-streams', measureManyStreams],
  ['large-prompt', measureLargePrompt],
  ['media-memory', measureMediaMemory],
  ['choose', measureChoose],
  ['idle-memory', measureIdleMemory],
  ['many-accounts', measureManyAccounts],
])

/** Runs the named benchmarks, or all; the exit code says whether every target was met. */
async function run(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !benchmarks.has(name))
  if (unknown.length > 0) {
    console.error(`no benchmark ${unknown.join(', ')}; there are: ${[...benchmarks.keys()].join(', ')}`)
    return 2
  }
  const startedAt = new Date()
  const machine = await readMachineFacts()
  console.log(
    `${machine.cpuModel}, ${machine.cores} cores, Bun ${machine.bun}, commit ${machine.commit}${machine.isDirty ? ' with changes' : ''}, load ${machine.loadAtStart}`,
  )
  pinSelf()
  const results: BenchmarkResult[] = []
  for (const [name, measure] of benchmarks) {
    if (names.length > 0 && !names.includes(name)) continue
    const result = await measure()
    printResult(result)
    results.push(result)
  }
  console.log(`\nraw figures: ${await saveRun(machine, startedAt, results)}`)
  const missed = results.flatMap(({ figures }) => figures.filter((figure) => isMet(figure) === false))
  console.log(missed.length === 0 ? 'every target met' : `${missed.length} targets missed`)
  return missed.length === 0 ? 0 : 1
}

process.exit(await run(process.argv.slice(2)))
