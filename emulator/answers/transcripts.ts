import { readFileSync } from 'node:fs'
import { isObject, responseOf, type Frame, type FrameRole, type JsonObject } from './frame.ts'

/** The transcripts of spec/upstream-chat.md §6, kept byte for byte in `transcripts/`; T6 has three variants. */
export const TRANSCRIPTS = ['t1', 't2', 't3', 't4', 't5', 't6a', 't6b', 't6c', 't7', 't8', 't9'] as const

/** The name of one transcript. */
export type TranscriptName = (typeof TRANSCRIPTS)[number]

const cache = new Map<TranscriptName, readonly Frame[]>()

/** The transcripts of the chat gateway: what the server says after its two confirmations, but for the `pong` of T15. */
export const GATEWAY_TRANSCRIPTS = ['t10', 't11', 't12', 't13', 't14', 't15'] as const

/** The name of one of them. */
export type GatewayTranscriptName = (typeof GATEWAY_TRANSCRIPTS)[number]

/** The events of a transcript of the gateway. */
export function gatewayTranscript(name: GatewayTranscriptName): readonly JsonObject[] {
  return transcriptText(name)
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const message: unknown = JSON.parse(line)
      return isObject(message) && isObject(message['event']) ? [message['event']] : []
    })
}

/** The frames of a transcript; `t6` alone means variant (a). */
export function transcriptFrames(name: TranscriptName): readonly Frame[] {
  const known = cache.get(name)
  if (known !== undefined) return known
  const frames = transcriptText(name)
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
  cache.set(name, frames)
  return frames
}

/** The text of a transcript as the specification has it. */
export function transcriptText(name: TranscriptName | GatewayTranscriptName): string {
  return readFileSync(new URL(`transcripts/${name}.jsonl`, import.meta.url), 'utf8')
}

/** The transcript that a scenario word names, or null. */
export function transcriptNamed(word: string): TranscriptName | null {
  const name = word === 't6' ? 't6a' : word
  return TRANSCRIPTS.find((transcript) => transcript === name) ?? null
}

function parseLine(line: string): Frame {
  let body: unknown
  try {
    body = JSON.parse(line)
  } catch {
    return { role: 'raw', text: line }
  }
  if (!isObject(body)) return { role: 'raw', text: line }
  return { role: roleOf(body), body }
}

function roleOf(body: JsonObject): FrameRole {
  if ('error' in body) return 'error'
  const result = isObject(body['result']) ? body['result'] : {}
  if ('conversation' in result) return 'conversation'
  if ('title' in result) return 'title'
  const response = responseOf({ role: 'info', body }) ?? {}
  const role = ROLE_BY_KEY.find(([key]) => key in response)?.[1]
  if (role !== undefined) return role
  if (response['isSoftStop'] === true) return 'soft-stop'
  return response['isThinking'] === true ? 'thinking' : 'token'
}

const ROLE_BY_KEY: readonly (readonly [key: string, role: FrameRole])[] = [
  ['userResponse', 'user'],
  ['uiLayout', 'layout'],
  ['llmInfo', 'info'],
  ['finalMetadata', 'final-metadata'],
  ['modelResponse', 'model-response'],
  ['cardAttachment', 'card'],
  ['webSearchResults', 'source'],
  ['xSearchResults', 'source'],
  ['toolUsageCardId', 'tool'],
]
