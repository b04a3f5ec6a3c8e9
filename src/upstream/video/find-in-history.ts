import { GatewayError } from '../../core/error.ts'
import { asObject, asObjects, asString, type JsonObject } from '../../util/json-fields.ts'
import { absoluteUrl } from '../image/read-picture.ts'
import { readAnswerJson, type CallerIdentity, type RestCaller } from '../rest-call.ts'
import type { FoundClip } from './find-clips.ts'
import { isVideoUrl } from './video-decoder.ts'

/** What is known of a clip that was asked for by itself. */
export interface AskedClip {
  readonly prompt: string
  /** When it was asked for, by our clock (epoch ms). */
  readonly askedAt: number
  /** The conversation that it is made in, if its stream came to tell that. */
  readonly conversationId?: string | undefined
}

export interface FindInHistoryOptions {
  readonly asked: AskedClip
  readonly assetsUrl: string
  readonly timeoutSeconds: number
}

type Options = FindInHistoryOptions & { readonly call: RestCaller; readonly identity: CallerIdentity }

const KIND = 'CONVERSATION_KIND_IMAGINE'
const HISTORY_PAGE_SIZE = 40
const NOT_FOUND = 404

/** How far the upstream's clock may be behind ours. */
const CLOCK_TOLERANCE_MS = 5_000

/** Conversations that are looked into for one that is not known by its id. */
const MAX_CANDIDATES = 8

/** How deep an address may lie in a turn. */
const MAX_DEPTH = 8

/**
 * Looks what became of a clip that belongs to no post and whose stream was lost: in its own conversation
 * (spec/upstream-media.md §9.4), or, if that is not known, in those of the account's history that began after it was
 * asked for and ask the same (§12.5), the nearest in time first. Undefined if there is none.
 */
export async function findInHistory(
  call: RestCaller,
  identity: CallerIdentity,
  options: FindInHistoryOptions,
): Promise<FoundClip | undefined> {
  const all = { ...options, call, identity }
  const known = options.asked.conversationId
  for (const id of known === undefined ? await listCandidates(all) : [known]) {
    const turns = await listTurns(all, id)
    const isMeant = turns.some((turn) => isHuman(turn) && promptOf(turn) === options.asked.prompt.trim())
    if (known !== undefined || isMeant) return readTurns(turns, options.assetsUrl)
  }
  return undefined
}

async function listCandidates(options: Options): Promise<readonly string[]> {
  const { askedAt } = options.asked
  const path = `/rest/app-chat/conversations?pageSize=${HISTORY_PAGE_SIZE}&kind=${KIND}`
  const fields = asObject(await get(options, path))
  return asObjects(fields?.['conversations'])
    .flatMap((conversation) => {
      const id = asString(conversation['conversationId'])
      const distanceMs = Date.parse(asString(conversation['createTime']) ?? '') - askedAt
      return id !== undefined && distanceMs >= -CLOCK_TOLERANCE_MS
        ? [{ id, distanceMs: Math.abs(distanceMs) }]
        : []
    })
    .sort((a, b) => a.distanceMs - b.distanceMs)
    .slice(0, MAX_CANDIDATES)
    .map(({ id }) => id)
}

/** The turns of a conversation; none if it is not there. */
async function listTurns(options: Options, conversationId: string): Promise<readonly JsonObject[]> {
  const id = encodeURIComponent(conversationId)
  const path = `/rest/app-chat/conversations/${id}/responses?conversationKind=${KIND}`
  try {
    return asObjects(asObject(await get(options, path))?.['responses'])
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.upstreamStatus === NOT_FOUND) return []
    throw thrown
  }
}

async function get({ call, identity, timeoutSeconds }: Options, path: string): Promise<unknown> {
  return readAnswerJson(
    await call({ method: 'GET', path, refererPath: '/imagine/saved', timeoutSeconds }, identity),
  )
}

function isHuman(turn: JsonObject): boolean {
  return asString(turn['sender'])?.toLowerCase() === 'human'
}

/** What a turn asks, without the flag that says how the words are to be read. */
function promptOf(turn: JsonObject): string {
  return (asString(turn['message']) ?? '').replace(/(?:^|\s+)--mode=\S+\s*$/, '').trim()
}

function readTurns(turns: readonly JsonObject[], assetsUrl: string): FoundClip | undefined {
  if (turns.length === 0) return undefined
  const path = findAddress(
    turns.filter((turn) => !isHuman(turn)),
    MAX_DEPTH,
  )
  if (path === undefined) return { postId: '', startSeconds: 0 }
  const postId = /\/generated\/([^/]+)\//.exec(path)?.[1] ?? ''
  return { postId, startSeconds: 0, clip: { postId, url: absoluteUrl(path, assetsUrl) } }
}

/** The first address of a film anywhere in a value, since where it stands is not documented; a mere name is none. */
function findAddress(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.includes('/') && isVideoUrl(value) ? value : undefined
  if (typeof value !== 'object' || value === null || depth === 0) return undefined
  for (const part of Object.values(value)) {
    const found = findAddress(part, depth - 1)
    if (found !== undefined) return found
  }
  return undefined
}
