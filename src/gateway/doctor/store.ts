import type { Stores } from '../../store/contract.ts'
import { describeError } from '../../util/log.ts'
import { fine, type DoctorCheck, type Finding } from './finding.ts'

/** An answer of the store that takes longer slows every change. */
const SLOW_MS = 1_000

/** Which store it is. */
export interface StoreFacts {
  readonly storageType: string
  /** The path of its file, where that is not made yet. */
  readonly notYet?: string | undefined
}

/** The store: it answers, and there are accounts in it. */
export function checkStore(
  stores: Pick<Stores, 'ping' | 'accounts'>,
  { storageType, notYet }: StoreFacts,
): DoctorCheck {
  const input = `ACCOUNT_STORAGE ${storageType}`
  return {
    name: 'store',
    timeoutSeconds: 15,
    subject: () => ({ input }),
    run: async () => {
      if (notYet !== undefined) return describeNotYet(notYet)
      const startedAt = performance.now()
      try {
        await stores.ping()
        const elapsedMs = Math.round(performance.now() - startedAt)
        return judge(await stores.accounts.count(), elapsedMs, input)
      } catch (error) {
        return storeFailed(error, input)
      }
    },
  }
}

function describeNotYet(path: string): Finding {
  return {
    status: 'warn',
    message: `${path} is not there yet: the first start makes it.`,
    input: path,
    nextStep: 'Start the gateway; if there should be accounts already, correct DATA_DIR.',
  }
}

/** The store cannot be opened, or does not answer. */
export function storeFailed(error: unknown, input: string): Finding {
  return {
    status: 'fail',
    message: `The store does not answer${hasWords(error) ? `: ${describeError(error)}` : '.'}`,
    input,
    nextStep:
      'Start the database or correct its address (start-up variables, docs/config.md); for a local one, look at the permissions of its file.',
  }
}

/** The client of Redis throws an empty error for a command that could not be sent in time. */
function hasWords(error: unknown): boolean {
  return !(error instanceof Error) || error.message !== '' || error.cause !== undefined
}

function judge(accounts: number, elapsedMs: number, input: string): Finding {
  if (accounts === 0)
    return {
      status: 'warn',
      message: 'The store answers, but there is no account in it.',
      input,
      nextStep: 'Add your accounts in the admin console, or with: grok2api import <file>',
    }
  if (elapsedMs > SLOW_MS)
    return {
      status: 'warn',
      message: `The store took ${elapsedMs} ms to answer.`,
      input,
      nextStep: 'Look at the load of the database, or bring it nearer.',
    }
  return fine(`The store answers in ${elapsedMs} ms; it holds ${accounts} accounts.`, input)
}
