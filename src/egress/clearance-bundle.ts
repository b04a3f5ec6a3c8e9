import { createHash } from 'node:crypto'
import { z } from 'zod'

/** Which clearance: that of one host's edge for one way out. */
export interface ClearanceTarget {
  /** Absent: directly. */
  readonly proxyUrl?: string | undefined
  /** Scheme, host and port. */
  readonly origin: string
}

const schema = z.object({
  /** Names this very bundle; another solve makes another one. */
  id: z.string(),
  /** As a header; may be empty. */
  cookies: z.string(),
  /** The browser that the cookies were given to: no other may show them. */
  userAgent: z.string(),
  /** Epoch ms. */
  solvedAt: z.number(),
  /** Epoch ms; null: the cookies do not tell. */
  expiresAt: z.number().nullable(),
  /** What it was made with; after a change of these settings it is not used. */
  binding: z.string(),
})

/** Cookies of the edge with the browser that they belong to. */
export type ClearanceBundle = Readonly<z.infer<typeof schema>>

/** The settings that a bundle is bound to, beside its way out and its host. */
export interface BindingSettings {
  readonly solverUrl: string
  readonly userAgent: string
}

/** Names the target; holds no password, since it goes into stores. */
export function keyOf({ proxyUrl, origin }: ClearanceTarget): string {
  return digest([proxyUrl ?? 'direct', origin])
}

/** What a bundle made now would be bound to. */
export function bindingOf(
  { proxyUrl, origin }: ClearanceTarget,
  { solverUrl, userAgent }: BindingSettings,
): string {
  return digest([solverUrl, userAgent, proxyUrl ?? 'direct', origin])
}

/** Reads what {@link JSON.stringify} made of a bundle; undefined: it is none. */
export function parseBundle(text: string): ClearanceBundle | undefined {
  return schema.safeParse(JSON.parse(text)).data
}

/** The names of its cookies, for those who must not see the values. */
export function cookieNamesOf({ cookies }: Pick<ClearanceBundle, 'cookies'>): readonly string[] {
  return cookies === '' ? [] : cookies.split('; ').map((pair) => pair.slice(0, pair.indexOf('=')))
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}
