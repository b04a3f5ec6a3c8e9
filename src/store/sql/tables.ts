/** One account: what the store itself looks at, and the whole of it as JSON (`store/account-json`). */
interface AccountTable {
  id: number
  credential_hash: string
  status: string
  revision: number
  updated_at: number
  data: string
}

/** Numbers that the store gives out in ascending order, e.g. `revision`; taking one locks its row until the commit. */
interface CounterTable {
  name: string
  value: number
}

/** The stored settings: one row with id 1. */
interface SettingsTable {
  id: number
  version: number
  data: string
}

interface SettingsHistoryTable {
  id: number
  at: number
  actor: string
  data: string
}

interface JobTable {
  /** The order of creation. */
  seq: number
  id: string
  kind: string
  owner: string
  status: string
  input: string
  output: string
  total: number
  succeeded: number
  failed: number
  /** 0 or 1. */
  cancel_requested: number
  holder: string | null
  lease_until: number | null
  created_at: number
  updated_at: number
  ended_at: number | null
}

interface JobItemTable {
  job_seq: number
  item_index: number
  subject: string
  status: string
  detail: string
}

interface AuditTable {
  id: number
  at: number
  actor: string
  address: string
  action: string
  request_id: string
  detail: string
  status: number
}

interface LeaseTable {
  name: string
  /** Empty while nobody has it. */
  holder: string
  until: number
  token: number
}

interface InFlightTable {
  account_id: number
  holder: string
  count: number
  until: number
}

/** One row per account that was ever entered: whoever counts locks it first. */
interface InFlightGateTable {
  account_id: number
}

interface ResponseTable {
  id: string
  owner: string
  created_at: number
  expires_at: number
  previous_id: string | null
  account_id: number | null
  document: string
}

/** The tables that the queries are typed against. */
export interface Tables {
  accounts: AccountTable
  counters: CounterTable
  settings: SettingsTable
  settings_history: SettingsHistoryTable
  jobs: JobTable
  job_items: JobItemTable
  audit: AuditTable
  leases: LeaseTable
  in_flight: InFlightTable
  in_flight_gates: InFlightGateTable
  responses: ResponseTable
}
