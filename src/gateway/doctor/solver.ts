import { describeError } from '../../util/log.ts'
import { fine, skipped, type DoctorCheck, type Finding } from './finding.ts'

/** The settings that say where a clearance comes from (`proxy.clearance`). */
export interface ClearanceSettings {
  readonly mode: 'none' | 'manual' | 'flaresolverr'
  readonly cookies: string
  readonly solverUrl: string
}

export interface SolverParts {
  readonly clearance: () => ClearanceSettings
  /** Says which version of FlareSolverr is at this address; throws what is wrong, without a password. */
  readonly ask: (address: string, signal: AbortSignal) => Promise<string>
}

const CLEARANCE_COOKIE = /(?:^|;\s*)cf_clearance=/
const SOLVER_SETTING = 'proxy.clearance.flaresolverr_url'

/** Where the clearance comes from: the cookies that were pasted, or the operator's own FlareSolverr. */
export function checkSolver({ clearance, ask }: SolverParts): DoctorCheck {
  return {
    name: 'solver',
    timeoutSeconds: 15,
    subject: () => ({ input: SOLVER_SETTING, setting: SOLVER_SETTING }),
    run: async (signal) => {
      const { mode, cookies, solverUrl } = clearance()
      if (mode === 'none') return skipped('No clearance is used.')
      return mode === 'manual'
        ? judgeCookies(cookies)
        : askSolver(solverUrl, (address) => ask(address, signal))
    },
  }
}

function judgeCookies(cookies: string): Finding {
  const setting = 'proxy.clearance.cf_cookies'
  if (CLEARANCE_COOKIE.test(cookies)) return fine('The pasted cookies hold a clearance.', setting)
  const lack = cookies === '' ? 'there are no cookies' : 'the cookies hold no cf_clearance'
  return {
    status: 'warn',
    message: `The clearance is to be pasted, but ${lack}.`,
    input: setting,
    nextStep:
      "Copy the cookies of a browser that uses the same way out, with its User-Agent; or set the clearance's mode to none.",
    setting,
  }
}

async function askSolver(address: string, ask: (address: string) => Promise<string>): Promise<Finding> {
  if (address === '')
    return {
      ...solverFault('FlareSolverr is to be used, but its address is empty.', SOLVER_SETTING),
      setting: 'proxy.clearance.mode',
    }
  const { origin } = new URL(address)
  const input = `${SOLVER_SETTING} ${origin}`
  try {
    return fine(`FlareSolverr ${await ask(address)} answers.`, input)
  } catch (error) {
    return solverFault(`No FlareSolverr answers there: ${describeError(error)}.`, input)
  }
}

function solverFault(message: string, input: string): Finding {
  return {
    status: 'fail',
    message,
    input,
    nextStep: 'Start your FlareSolverr or correct its address; or clear it and choose another mode.',
    setting: SOLVER_SETTING,
  }
}
