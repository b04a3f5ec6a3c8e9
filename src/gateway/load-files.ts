import { createHash } from 'node:crypto'
import type { ChatMessage, FilePart } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'
import { decodeBase64 } from '../media/decode-base64.ts'
import type { FetchRemote } from '../media/fetch-remote.ts'
import { FileRefusal } from '../media/file-refusal.ts'
import { endingOf, identifyFile, type FileClaim } from '../media/identify-file.ts'
import { mapLimit } from '../util/map-limit.ts'
import type { LoadedFile } from './attachments.ts'

/** How much may go with one conversation (spec/upstream-chat.md §10.4). */
export const FILE_LIMITS = {
  /** Places of the conversation that name a file, also those that name the same one. */
  parts: 256,
  /** Different files of one turn, and of what is sent along of earlier ones. */
  files: 8,
  sizeBytes: 32 * 1024 * 1024,
  /** Of all different sources together. */
  totalBytes: 64 * 1024 * 1024,
} as const

const PARALLEL_LOADS = 4
const MAX_NAME_LENGTH = 120

/** The bytes of every file of a conversation, in order, each once. */
export async function loadFiles(
  fetchRemote: FetchRemote,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
): Promise<readonly LoadedFile[]> {
  const parts = differentSources(messages)
  if (parts.length === 0) return []
  const stop = new AbortController()
  const loading: Loading = {
    fetchRemote,
    signal: AbortSignal.any([signal, stop.signal]),
    totalBytes: 0,
  }
  try {
    const files = await mapLimit(parts, PARALLEL_LOADS, (part) => load(part, loading))
    // in the order of the conversation, which need not be that of their arrival
    return [...new Map(files.map((file) => [file.hash, file])).values()]
  } catch (thrown) {
    if (signal.aborted) throw new GatewayError('client_closed', 'The caller left.', { cause: thrown })
    throw thrown
  } finally {
    stop.abort() // of the others, nobody waits for the end
  }
}

/** What the loads of one conversation share. */
interface Loading {
  readonly fetchRemote: FetchRemote
  readonly signal: AbortSignal
  totalBytes: number
}

/**
 * The files of a conversation, those of the same source once: a history names them again at every turn. Where it has
 * more than the upstream takes, the oldest give way, so that a long session with screenshots goes on; what belongs to
 * the current turn never does.
 */
function differentSources(messages: readonly ChatMessage[]): readonly FilePart[] {
  const parts = messages.flatMap(filesOf)
  if (parts.length === 0) return parts
  const surplus = parts[FILE_LIMITS.parts]
  if (surplus) refuse(surplus, `a conversation may name files in ${FILE_LIMITS.parts} places`)
  const lastAnswer = messages.findLastIndex(({ role }) => role === 'assistant')
  const current = new Map(
    messages
      .slice(lastAnswer + 1)
      .flatMap(filesOf)
      .map(keyed),
  )
  const oneTooMany = [...current.values()][FILE_LIMITS.files]
  if (oneTooMany) refuse(oneTooMany, `a turn may have ${FILE_LIMITS.files} different files`)
  const newest = new Map(parts.toReversed().map(keyed))
  const kept = new Set([...newest.keys()].slice(0, FILE_LIMITS.files))
  const bySource = new Map<string, FilePart>()
  for (const [key, part] of parts.map(keyed)) if (kept.has(key) && !bySource.has(key)) bySource.set(key, part)
  return [...bySource.values()]
}

function filesOf({ content }: ChatMessage): FilePart[] {
  return content.filter((part) => part.type === 'file')
}

/** A part under what tells its source from others. */
function keyed(part: FilePart): [string, FilePart] {
  const { source } = part
  // no base64 text has a colon
  return [source.type === 'url' ? `url:${source.url}` : source.data, part]
}

async function load(part: FilePart, loading: Loading): Promise<LoadedFile> {
  try {
    const { bytes, ...claim } = await readSource(part, loading)
    const mediaType = await identifyFile(bytes, claim)
    const hash = createHash('sha256').update(bytes).digest('hex')
    const file = { name: nameFile(claim.name, mediaType), mediaType, bytes, hash }
    admit(file, loading)
    return file
  } catch (thrown) {
    if (!(thrown instanceof FileRefusal)) throw thrown
    throw refusal(part, thrown)
  }
}

async function readSource(
  { source, name }: FilePart,
  loading: Loading,
): Promise<FileClaim & { bytes: Uint8Array }> {
  const { sizeBytes } = FILE_LIMITS
  if (source.type === 'url') {
    const { signal } = loading
    const remote = await loading.fetchRemote(source.url, { signal, limits: { sizeBytes } })
    return { ...remote, isHint: true, ...(name !== undefined && { name }) }
  }
  const { mediaType } = source
  return {
    bytes: decodeBase64(source.data, sizeBytes),
    ...(mediaType !== undefined && { mediaType }),
    ...(name !== undefined && { name }),
  }
}

function admit(file: LoadedFile, loading: Loading): void {
  loading.signal.throwIfAborted()
  loading.totalBytes += file.bytes.length
  if (loading.totalBytes > FILE_LIMITS.totalBytes) {
    const message = `the files of the conversation have more than ${FILE_LIMITS.totalBytes} bytes together`
    throw new FileRefusal(message, { fault: 'too-large' })
  }
}

/** A plain name with an ending; what the upstream shows the model. */
function nameFile(given: string | undefined, mediaType: string): string {
  const last = (given ?? '').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replaceAll(/\p{Cc}/gu, '')
    .trim()
    .slice(-MAX_NAME_LENGTH)
  const name = /^\.*$/.test(plain) ? 'file' : plain
  return name.includes('.') ? name : `${name}.${endingOf(mediaType)}`
}

function refuse(part: FilePart, message: string): never {
  throw refusal(part, new FileRefusal(message))
}

function refusal({ param }: FilePart, { fault, message, cause }: FileRefusal): GatewayError {
  const code = fault === 'too-large' ? 'payload_too_large' : 'invalid_request'
  return new GatewayError(code, `${param}: ${message}`, { param, ...(cause !== undefined && { cause }) })
}
