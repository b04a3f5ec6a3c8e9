import { AccountTable } from './accounts.ts'
import { DEFAULT_BEHAVIOUR, withPatch, type Behaviour, type BehaviourPatch } from './behaviour.ts'
import { EmulatorClock } from './clock.ts'
import { CounterTable } from './counters.ts'
import { FaultTable } from './faults.ts'
import { OwnerSettingsTable } from './owner-settings.ts'
import { QuotaTable } from './quotas.ts'
import { IdSource } from './random.ts'
import { RequestLog } from './request-log.ts'
import { BoundedStore, type StoredConversation, type StoredFile } from './stores.ts'

const MAX_FILES = 1000

/** Everything the emulator remembers; the control routes are its only other owner. */
export class EmulatorState {
  readonly clock: EmulatorClock
  readonly accounts = new AccountTable()
  readonly quotas: QuotaTable
  readonly ownerSettings = new OwnerSettingsTable()
  readonly faults = new FaultTable()
  readonly requests: RequestLog
  readonly counters = new CounterTable()
  readonly files = new BoundedStore<StoredFile>(MAX_FILES)
  readonly conversations = new BoundedStore<StoredConversation>()
  readonly ids = new IdSource()
  #behaviour = DEFAULT_BEHAVIOUR

  constructor(realNow?: () => number) {
    this.clock = new EmulatorClock(realNow)
    this.quotas = new QuotaTable(this.clock)
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

  /** Back to the state after a start; streams that are open go on. */
  reset(): void {
    this.clock.reset()
    this.accounts.reset()
    this.quotas.reset()
    this.ownerSettings.clear()
    this.faults.clear()
    this.requests.clear()
    this.counters.reset()
    this.files.clear()
    this.conversations.clear()
    this.ids.seed(null)
    this.#behaviour = DEFAULT_BEHAVIOUR
  }
}
