import type { Account } from '../core/account.ts'
import type { Clock } from '../util/clock.ts'
import type { AccountDirectory } from './directory.ts'
import { readSecrets, type OpenCredential } from './lease.ts'

/** How earlier versions put accounts out of service whose secrets they could not open. */
const EVIDENCE = 'the stored credential cannot be read: '

export interface BringBackParts {
  readonly directory: Pick<AccountDirectory, 'accounts' | 'change'>
  readonly openCredential: OpenCredential
  readonly clock: Clock
}

/** Puts accounts back into service that wait for a login only because a key was missing, and that can be opened again. */
export function bringBackReadable({ directory, openCredential, clock }: BringBackParts): void {
  const marked = [...directory.accounts()]
    .filter(isMarked)
    .filter((account) => !(readSecrets(openCredential, account) instanceof Error))
  const cause = {
    code: 'recovered',
    evidence: 'the stored credential can be read again',
    at: clock(),
  } as const
  for (const { id } of marked)
    directory.change(id, (account) => ({ ...account, state: { status: 'active' } }), cause)
}

function isMarked({ state }: Account): boolean {
  return state.status === 'needs-login' && state.cause.evidence.startsWith(EVIDENCE)
}
