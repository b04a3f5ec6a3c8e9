import { z } from 'zod'
import type { AccountDirectory } from '../accounts/directory.ts'
import type { Upkeep } from '../accounts/upkeep.ts'
import type { Account } from '../core/account.ts'
import { GatewayError } from '../core/error.ts'
import type { Job, Json } from '../core/job.ts'
import type { JobHandler } from './job-runner.ts'

/** What an operator may have done with an account at the upstream. */
export interface AccountActions {
  /** Switches the account's own setting for adult content. */
  readonly setNsfw: (account: Account, enabled: boolean, signal: AbortSignal) => Promise<void>
  /** Deletes every file that the upstream keeps for it; returns how many. */
  readonly clearAssets: (account: Account, signal: AbortSignal) => Promise<number>
}

/** Items at once, by kind (`batch.*`). */
export interface BatchSettings {
  readonly refreshConcurrency: number
  readonly nsfwConcurrency: number
  readonly assetDeleteConcurrency: number
}

export interface AccountJobParts extends AccountActions {
  readonly directory: AccountDirectory
  readonly upkeep: Upkeep
  readonly batchSettings: () => BatchSettings
}

/** Kinds of jobs over accounts; the subject of an item is an account's id. */
export const accountJobKinds = ['accounts.refresh', 'accounts.nsfw', 'assets.clear'] as const

export type AccountJobKind = (typeof accountJobKinds)[number]

/** Items at once that an operator may ask for, whatever the settings say. */
export const MAX_JOB_CONCURRENCY = 100

/** What a job over accounts may be told. */
const inputSchema = z.object({
  /** The new state of a switch. */
  enabled: z.boolean().optional(),
  /** Items at once, instead of the setting. */
  concurrency: z.int().min(1).max(MAX_JOB_CONCURRENCY).optional(),
})
type AccountJobInput = z.infer<typeof inputSchema>

/** Tag of accounts whose setting for adult content is on (spec/control-plane.md §1.2). */
const NSFW_TAG = 'nsfw'

/** What is done with one account in each kind of job. */
export function accountJobHandlers(parts: AccountJobParts): Readonly<Record<AccountJobKind, JobHandler>> {
  const { directory, upkeep, batchSettings } = parts
  const concurrencyOf = (setting: keyof BatchSettings) => (job: Job) =>
    readInput(job).concurrency ?? batchSettings()[setting]
  return {
    'accounts.refresh': {
      concurrency: concurrencyOf('refreshConcurrency'),
      run: async (subject, _, signal) => {
        const [result] = await upkeep.refresh([findAccount(directory, subject)], signal)
        if (result?.type === 'failed') throw result.failure
        return { refreshed: 1 }
      },
    },
    'accounts.nsfw': {
      concurrency: concurrencyOf('nsfwConcurrency'),
      run: async (subject, job, signal) => {
        const account = findAccount(directory, subject)
        const { enabled = false } = readInput(job)
        await parts.setNsfw(account, enabled, signal)
        directory.change(account.id, (current) => withTag(current, enabled))
        return { enabled }
      },
    },
    'assets.clear': {
      concurrency: concurrencyOf('assetDeleteConcurrency'),
      run: async (subject, _, signal) => ({
        deleted: await parts.clearAssets(findAccount(directory, subject), signal),
      }),
    },
  }
}

function findAccount(directory: AccountDirectory, subject: Json): Account {
  const account = typeof subject === 'number' ? directory.find(subject) : undefined
  if (!account) throw new GatewayError('not_found', 'The account is gone.')
  return account
}

function readInput({ input }: Job): AccountJobInput {
  return inputSchema.parse(input ?? {})
}

function withTag(account: Account, enabled: boolean): Account {
  const others = account.tags.filter((tag) => tag !== NSFW_TAG)
  return { ...account, tags: enabled ? [...others, NSFW_TAG] : others }
}
