import type { BenchmarkResult } from '../report.ts'
import { ADMIN_KEY, importAccounts, makeTokens, openWorkspace, startImported } from '../services.ts'
import { median, quantile } from '../statistics.ts'

const ACCOUNTS = 100_000
const LIST_REQUESTS = 200
const READY_WITHIN_MS = 60_000
const READY_STEP_MS = 20
const IDLE_MS = 10_000

/** Sorted and filtered lists, as the accounts page asks for them; few accounts, many and none match. */
const listQueries = [
  'sort=-failures&status=active',
  'sort=last_used&search=bench&limit=100',
  'sort=-remaining&mode=fast&tier=heavy',
  'sort=health&status=cooling,suspended',
]

/** What a pool of a hundred thousand accounts on SQLite costs: import, start, memory, a page of the list. */
export async function measureManyAccounts(): Promise<BenchmarkResult> {
  using workspace = openWorkspace()
  await importAccounts(workspace.path, [])
  const empty = await useReady(workspace.path, [])
  const tokens = makeTokens(ACCOUNTS)
  const importMs = await timed(() => importAccounts(workspace.path, tokens))
  const full = await useReady(workspace.path, tokens)
  const { readyMs, listMs } = full
  const growthMb = full.residentMb - empty.residentMb
  return {
    name: 'many-accounts',
    method: `${ACCOUNTS} accounts on SQLite; ${LIST_REQUESTS} pages of filtered, sorted lists by the admin API, one after another`,
    figures: [
      { label: 'import', value: importMs / 1000, unit: 's', target: { bound: 'max', value: 60 } },
      { label: 'start to ready', value: readyMs / 1000, unit: 's', target: { bound: 'max', value: 10 } },
      { label: 'page of the list, p50', value: median(listMs), unit: 'ms' },
      {
        label: 'page of the list, p95',
        value: quantile(listMs, 0.95),
        unit: 'ms',
        target: { bound: 'max', value: 50 },
      },
      {
        label: 'resident memory over an empty pool',
        value: growthMb,
        unit: 'MB',
        target: { bound: 'max', value: 150 },
      },
    ],
    raw: { importMs, empty, full },
  }
}

/** Starts a gateway with these accounts, asks for lists, and tells what that cost. */
async function useReady(folder: string, tokens: readonly string[]) {
  const startedAt = performance.now()
  await using gateway = await startImported(folder, { tokens, side: 'any-core' })
  if (tokens.length > 0) await waitUntilReady(gateway.url)
  const readyMs = performance.now() - startedAt
  await Bun.sleep(IDLE_MS)
  const residentMb = gateway.residentMb()
  const listMs: number[] = []
  for (let n = 0; n < LIST_REQUESTS; n++) {
    listMs.push(
      await timed(() => readList(gateway.url, listQueries[n % listQueries.length] ?? '', tokens.length)),
    )
  }
  return { readyMs, listMs, residentMb }
}

async function waitUntilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  while (!(await fetch(`${url}/ready`)).ok) {
    if (performance.now() > deadline) throw new Error(`not ready after ${READY_WITHIN_MS} ms`)
    await Bun.sleep(READY_STEP_MS)
  }
}

async function readList(url: string, query: string, total: number): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const response = await fetch(`${url}/admin/api/tokens?${query}`, { headers })
  const answer: unknown = await response.json()
  if (!(answer instanceof Object && 'total' in answer && answer.total === total)) {
    throw new Error(`the list answered ${response.status} ${JSON.stringify(answer).slice(0, 200)}`)
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
