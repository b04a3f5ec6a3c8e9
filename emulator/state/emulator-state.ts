import { AccountTable, type Account } from './accounts.ts'
import { DEFAULT_BEHAVIOUR, withPatch, type Behaviour, type BehaviourPatch } from './behaviour.ts'
import { EmulatorClock } from './clock.ts'
import { CounterTable } from './counters.ts'
import { FaultTable } from './faults.ts'
import { OwnerSettingsTable } from './owner-settings.ts'
import { GenerationTable } from './generations.ts'
import { createMediaQuotas, type MediaKind } from './media-quotas.ts'
import type { Mode } from './modes.ts'
import { createChatQuotas, type QuotaTable } from './quotas.ts'
import { IdSource } from './random.ts'
import { RequestLog } from './request-log.ts'
import {
  BoundedStore,
  type ServedFile,
  type StoredConversation,
  type StoredFile,
  type StoredPost,
} from './stores.ts'
import { WeeklyPoolTable } from './weekly-pools.ts'

const MAX_FILES = 1000

/** Everything the emulator remembers; the control routes are its only other owner. */
export class EmulatorState {
  readonly clock: EmulatorClock
  readonly accounts = new AccountTable()
  readonly quotas: QuotaTable<Mode>
  readonly mediaQuotas: QuotaTable<MediaKind>
  readonly weeklyPools: WeeklyPoolTable
  readonly ownerSettings = new OwnerSettingsTable()
  readonly faults = new FaultTable()
  readonly requests: RequestLog
  readonly counters = new CounterTable()
  readonly files = new BoundedStore<StoredFile>(MAX_FILES)
  /** Generated files of the asset host, by path. */
  readonly generatedFiles = new BoundedStore<ServedFile>(MAX_FILES)
  /** Files that need no cookie, by path. */
  readonly publicFiles = new BoundedStore<ServedFile>(MAX_FILES)
  /** What the pictures of chat answers were asked to show, by the id in their path. */
  readonly drawings = new BoundedStore<string>()
  readonly posts = new BoundedStore<StoredPost>()
  readonly generations: GenerationTable
  readonly conversations = new BoundedStore<StoredConversation>()
  readonly ids = new IdSource()
  #behaviour = DEFAULT_BEHAVIOUR

  constructor(realNow?: () => number) {
    this.clock = new EmulatorClock(realNow)
    this.quotas = createChatQuotas(this.clock)
    this.mediaQuotas = createMediaQuotas(this.clock)
    this.weeklyPools = new WeeklyPoolTable(this.clock)
    this.generations = new GenerationTable(() => this.clock.now())
    this.requests = new RequestLog(() => this.clock.now())
  }

  /** The switches in force. */
  get behaviour(): Behaviour {
    return this.#behaviour
  }

  /** Changes some switches and returns all of them. */
  changeBehaviour(patch: BehaviourPatch): Behaviour {
    this.#behaviour = withPatch(this.#behaviour, patch)
    if (patch.idSeed !== undefined) this.ids.seed(patch.idSeed)
    return this.#behaviour
  }

  /** Takes a chat turn out of what the account has; false when nothing is left. Windows do not refuse where there is a pool. */
  spendTurn(account: Account, mode: Mode): boolean {
    const pooled = this.weeklyPools.spend(account.token)
    if (pooled === false) return false
    const counted = this.quotas.spend(account, mode)
    return pooled ?? counted
  }

  /** Seconds until the account may chat again in a mode that is used up. */
  turnWaitSeconds(account: Account, mode: Mode): number | undefined {
    return this.weeklyPools.waitSeconds(account.token) ?? this.quotas.view(account, mode)?.waitTimeSeconds
  }

  /** Back to the state after a start; streams that are open go on. */
  reset(): void {
    this.clock.reset()
    this.accounts.reset()
    this.quotas.reset()
    this.mediaQuotas.reset()
    this.weeklyPools.reset()
    this.ownerSettings.clear()
    this.faults.clear()
    this.requests.clear()
    this.counters.reset()
    this.files.clear()
    this.generatedFiles.clear()
    this.publicFiles.clear()
    this.drawings.clear()
    this.posts.clear()
    this.generations.clear()
    this.conversations.clear()
    this.ids.seed(null)
    this.#behaviour = DEFAULT_BEHAVIOUR
  }
}
