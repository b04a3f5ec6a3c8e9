import type { BenchmarkResult, Figure } from '../report.ts'
import { makeTokens, openWorkspace, startGateway } from '../services.ts'

const IDLE_MS = 10_000
const MAX_RESIDENT_MB = 150

/** Resident memory of a gateway that has nothing to do, with no account and with ten thousand. */
export async function measureIdleMemory(): Promise<BenchmarkResult> {
  using workspace = openWorkspace()
  const empty = await residentAfterIdle(workspace.path, 0)
  const full = await residentAfterIdle(workspace.path, 10_000)
  const figures: Figure[] = [
    { label: 'no accounts', value: empty, unit: 'MB' },
    { label: '10,000 accounts', value: full, unit: 'MB', target: { bound: 'max', value: MAX_RESIDENT_MB } },
  ]
  return {
    name: 'idle-memory',
    method: `resident memory of "serve" after ${IDLE_MS / 1000} s without requests`,
    figures,
    raw: { empty, full },
  }
}

async function residentAfterIdle(folder: string, accounts: number): Promise<number> {
  await using gateway = await startGateway(folder, { tokens: makeTokens(accounts), side: 'any-core' })
  await Bun.sleep(IDLE_MS)
  return gateway.residentMb()
}
