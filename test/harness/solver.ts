import { createEmulatorControl } from '../../emulator/control/control-client.ts'

/** What a solver was asked for. */
export interface SolverCall {
  readonly cmd: string
  readonly url: string
  readonly maxTimeout: number
  readonly proxy?: { readonly url: string; readonly username?: string; readonly password?: string }
}

/** In which way the stand-in works from now on. */
export interface SolverBehaviour {
  /** `refuse`: it cannot solve; `garbage`: a page instead of JSON; `useless`: cookies that the edge does not take. */
  readonly how: 'solve' | 'refuse' | 'garbage' | 'useless'
  /** Milliseconds that a solve takes. */
  readonly delayMs: number
  readonly userAgent: string
  /** Seconds that a cookie says it lives; absent: it says nothing. */
  readonly livesSeconds?: number
}

/** A stand-in that follows FlareSolverr's API; the emulator takes its cookies, each with its User-Agent only. */
export interface TestSolver {
  readonly url: string
  readonly calls: SolverCall[]
  behave(change: Partial<SolverBehaviour>): void
  /** The edge takes none of the cookies given so far any more. */
  expireAll(): Promise<void>
  stop(): Promise<void>
}

export const SOLVER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** Starts a solver for the emulator at `emulatorUrl`, and turns its challenge on. */
export async function startSolver(emulatorUrl: string): Promise<TestSolver> {
  const emulator = createEmulatorControl(emulatorUrl)
  const calls: SolverCall[] = []
  let valid: Record<string, string> = {}
  let behaviour: SolverBehaviour = { how: 'solve', delayMs: 30, userAgent: SOLVER_AGENT }
  await emulator.setBehaviour({ challenge: true, clearances: valid })
  const issue = async (): Promise<string> => {
    const value = `clearance-${calls.length}`
    if (behaviour.how !== 'useless') valid = { ...valid, [value]: behaviour.userAgent }
    await emulator.setBehaviour({ clearances: valid })
    return value
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      if (request.method !== 'POST' || new URL(request.url).pathname !== '/v1')
        return new Response('not here', { status: 404 })
      const call = (await request.json()) as SolverCall
      calls.push(call)
      await Bun.sleep(behaviour.delayMs)
      if (behaviour.how === 'garbage') return new Response('<html>Bad gateway</html>', { status: 502 })
      if (behaviour.how === 'refuse') return Response.json(failed(call), { status: 500 })
      return Response.json(solved(call, behaviour, await issue()))
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    calls,
    behave: (change) => {
      behaviour = { ...behaviour, ...change }
    },
    expireAll: async () => {
      valid = {}
      await emulator.setBehaviour({ clearances: valid })
    },
    stop: () => server.stop(true),
  }
}

const times = { startTimestamp: 1, endTimestamp: 2, version: '3.4.6' }

function failed({ proxy }: SolverCall): object {
  const message = `Error: Error solving the challenge. Timeout after 60.0 seconds. ${proxy?.url ?? ''}`
  return { status: 'error', message, ...times }
}

function solved({ url }: SolverCall, { userAgent, livesSeconds }: SolverBehaviour, value: string): object {
  const domain = new URL(url).hostname
  const usual = { domain, path: '/', httpOnly: true, secure: true, sameSite: 'None' }
  const expiry = livesSeconds === undefined ? {} : { expiry: Math.floor(Date.now() / 1000) + livesSeconds }
  const cookies = [
    { ...usual, ...expiry, name: 'cf_clearance', value },
    { ...usual, name: '__cf_bm', value: 'bm' },
    { ...usual, name: 'x-userid', value: 'somebody-else' },
  ]
  const solution = { url: `${url}/`, status: 200, cookies, userAgent, headers: {}, response: '<html></html>' }
  return { status: 'ok', message: 'Challenge solved!', solution, ...times }
}
