import type { Account } from '../../core/account.ts'
import { describeError } from '../../util/log.ts'
import { ACCOUNTS_UNREADABLE, fine, skipped, type DoctorCheck, type Finding } from './finding.ts'

/** Accounts whose credentials are tried. */
const MAX_TRIED = 1_000

/** How many of the accounts that cannot be read are named. */
const MAX_NAMED = 10

/** The keys in force; or why none is before the next start: it makes them, or cannot read those that were saved. */
export type ApiKeys = readonly string[] | 'made-at-start' | 'unreadable'

/** What the check of the secrets needs. */
export interface SecretParts {
  readonly accounts: (limit: number) => Promise<readonly Account[]>
  readonly openSecret: (sealed: string, credentialHash: string) => string
  readonly apiKeys: () => ApiKeys
  /** The path of the master key's file, where that is not made yet. */
  readonly keyNotYet?: string | undefined
}

/** The secrets: what is sealed can be opened, and the API is not open to everybody. */
export function checkSecrets(parts: SecretParts): DoctorCheck {
  return {
    name: 'secrets',
    timeoutSeconds: 30,
    subject: () => ({ input: 'the accounts of the store' }),
    run: async () => [await checkSealed(parts), checkApiKeys(parts.apiKeys())],
  }
}

/** The master key cannot be used. */
export function secretsFailed(error: unknown): Finding {
  return {
    status: 'fail',
    message: `The master key cannot be used: ${describeError(error)}`,
    input: 'secret.key, or GROK2API_SECRET_KEY',
    nextStep:
      'Restore the key from a backup and keep it from others (chmod 600); without it accounts must be entered anew.',
  }
}

async function checkSealed({ accounts, openSecret, keyNotYet }: SecretParts): Promise<Finding> {
  const read = await accounts(MAX_TRIED).catch(() => undefined)
  if (!read) return skipped(ACCOUNTS_UNREADABLE)
  const tried = read.filter(({ state }) => state.status !== 'deleted')
  const unreadable = tried.filter(({ sealedCredential, credentialHash }) => {
    try {
      openSecret(sealedCredential, credentialHash)
      return false
    } catch {
      return true // counted, and told with its way out below
    }
  })
  if (unreadable.length === 0 && keyNotYet !== undefined)
    return fine(`${keyNotYet} is not there yet: the first start makes it.`)
  if (unreadable.length === 0) return fine(`The credentials of ${tried.length} accounts can be opened.`)
  const named = unreadable.slice(0, MAX_NAMED).map(({ id }) => id)
  return {
    status: 'fail',
    message: `The credentials of ${unreadable.length} accounts are under another key (accounts ${named.join(', ')}).`,
    input: 'secret.key, or GROK2API_SECRET_KEY',
    nextStep:
      'Bring back the key that they were sealed with (GROK2API_SECRET_KEY_OLD), or enter these accounts anew.',
  }
}

function checkApiKeys(keys: ApiKeys): Finding {
  if (keys === 'made-at-start') return fine('No API key is set yet: the next start makes one and shows it.')
  if (keys === 'unreadable')
    return skipped(
      'The API keys that were saved cannot be read: each start makes one that holds until its end.',
    )
  if (keys.some((key) => key !== '')) return fine(`${keys.length} API keys are set.`, 'app.api_key')
  return {
    status: 'warn',
    message: 'No API key is set: whoever reaches this gateway uses your accounts.',
    input: 'app.api_key',
    nextStep: 'Set a key, unless something in front of the gateway asks for one.',
  }
}
