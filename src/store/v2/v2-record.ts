import { z } from 'zod'

/** A quota window as version 2 keeps it; `source` is 0 built-in, 1 real, 2 estimated (spec/control-plane.md §1.4). */
const window = z.object({
  remaining: z.number(),
  total: z.number(),
  window_seconds: z.number(),
  reset_at: z.number().nullish(),
  synced_at: z.number().nullish(),
  source: z.number().nullish(),
})

/** The modes by the names of version 2 (spec/control-plane.md §1.3). */
export const v2Modes = ['auto', 'fast', 'expert', 'heavy', 'grok_4_3'] as const

const jsonText = z.string().transform((text, context) => {
  try {
    return JSON.parse(text === '' ? 'null' : text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})

/** JSON that is text in one back end and parsed already in another. */
const json = z.union([jsonText, z.unknown()])

/** Numbers are text in Redis; an empty one is none. */
const count = z.coerce.number().catch(0)
const time = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' ? null : Number(value)))

const row = z.looseObject({
  token: z.string().min(1),
  pool: z.string(),
  status: z.string().catch('active'),
  tags: json.pipe(z.array(z.string()).catch([])),
  usage_use_count: count,
  usage_fail_count: count,
  last_use_at: time,
  state_reason: z.string().nullish(),
  deleted_at: time,
  ext: json.pipe(z.record(z.string(), z.unknown()).catch({})),
})

/** One account of a version 2 installation (spec/control-plane.md §1.2). */
export interface V2Account {
  readonly token: string
  readonly pool: string
  readonly status: string
  readonly tags: readonly string[]
  readonly quota: Readonly<Partial<Record<(typeof v2Modes)[number], z.output<typeof window>>>>
  readonly useCount: number
  readonly failCount: number
  readonly lastUseAt: number | null
  readonly stateReason: string | null
  readonly isDeleted: boolean
  readonly cooldownUntil: number | null
}

/** A row of any of the back ends; undefined if it is not an account. Windows that cannot be read are left out. */
export function parseV2Row(fields: unknown): V2Account | undefined {
  const result = row.safeParse(fields)
  if (!result.success) return undefined
  const { data } = result
  const cooldownUntil = Number(data.ext['cooldown_until'] ?? Number.NaN)
  return {
    token: data.token,
    pool: data.pool,
    status: data.status,
    tags: data.tags,
    quota: readWindows(data),
    useCount: data.usage_use_count,
    failCount: data.usage_fail_count,
    lastUseAt: data.last_use_at,
    stateReason: data.state_reason ?? null,
    isDeleted: data.deleted_at !== null,
    cooldownUntil: Number.isFinite(cooldownUntil) ? cooldownUntil : null,
  }
}

function readWindows(fields: Readonly<Record<string, unknown>>): V2Account['quota'] {
  const windows = v2Modes.flatMap((mode) => {
    const parsed = json.pipe(window).safeParse(fields[`quota_${mode}`])
    return parsed.success ? [[mode, parsed.data] as const] : []
  })
  return Object.fromEntries(windows)
}
