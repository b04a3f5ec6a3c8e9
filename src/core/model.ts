/** Subscription tiers of upstream accounts, lowest first; an account of a tier forms one pool with its like. */
export const tiers = ['basic', 'super', 'heavy'] as const
export type Tier = (typeof tiers)[number]

/** Mode names of chats as the upstream spells them (spec/upstream-chat.md §3.3). */
export const chatModes = ['auto', 'fast', 'expert', 'heavy', 'grok-420-computer-use-sa'] as const

/** What media are counted by: pictures of the socket, edits, clips (spec/upstream-media.md §15.6). The names are ours. */
export const mediaModes = ['imagine-image', 'imagine-edit', 'imagine-video'] as const
export type MediaMode = (typeof mediaModes)[number]

/** What requests are made in: every model has one of these. */
export const servedModes = [...chatModes, ...mediaModes] as const
export type ServedMode = (typeof servedModes)[number]

/**
 * The pool that a paid account may have over all its chat modes together, counted in hundredths of a percent
 * (spec/upstream-chat.md §7.5). An allowance and no more: no request is made in it. The name is ours.
 */
export const WEEKLY = 'weekly'

/** Everything that an account has an allowance for. */
export const modes = [...servedModes, WEEKLY] as const
export type Mode = (typeof modes)[number]

const mediaModeNames: ReadonlySet<Mode> = new Set(mediaModes)

/** Whether the mode is one of media: an account whose figures are not known may be asked all the same. */
export function isMediaMode(mode: Mode): mode is MediaMode {
  return mediaModeNames.has(mode)
}

/** What a model produces, and so which use case serves it. */
export type Capability = 'chat' | 'image' | 'image_edit' | 'video'

/** One public model: a name that clients use, and how it is served. */
export interface Model {
  readonly id: string
  readonly name: string
  readonly capability: Capability
  readonly mode: ServedMode
  /** The lowest tier that may serve it. */
  readonly tier: Tier
  /** Whether the best pool is asked first instead of the cheapest. */
  readonly preferBest: boolean
  /** Unix seconds, constant per model. */
  readonly createdAtSeconds: number
}

/** The pools that may serve a model, in the order in which they are asked (spec/control-plane.md §2.3). */
export function poolOrder(model: Pick<Model, 'tier' | 'preferBest'>): readonly Tier[] {
  const candidates = tiers.slice(tiers.indexOf(model.tier))
  return model.preferBest ? candidates.toReversed() : candidates
}

/** The modes to try for a model, in order; `auto` may give way to `fast` and `expert` (spec/control-plane.md §2.4). */
export function modeOrder(
  model: Pick<Model, 'mode' | 'capability'>,
  autoFallback: boolean,
): readonly ServedMode[] {
  const mayFallBack = autoFallback && model.mode === 'auto' && model.capability === 'chat'
  return mayFallBack ? ['auto', 'fast', 'expert'] : [model.mode]
}
