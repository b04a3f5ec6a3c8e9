import type { PictureRatio } from './image-request.ts'
import type { Model } from './model.ts'
import type { OutputFormat } from './output-format.ts'
import type { ToolUse } from './tools.ts'
import type { VideoWishes } from './video-request.ts'

/** Where the bytes of a picture or document are; a URL is fetched by the guarded fetcher only. */
export type FileSource =
  | { readonly type: 'base64'; readonly data: string; readonly mediaType?: string }
  | { readonly type: 'url'; readonly url: string }

export interface TextPart {
  readonly type: 'text'
  readonly text: string
}

/** A picture or document that goes with a message. */
export interface FilePart {
  readonly type: 'file'
  readonly source: FileSource
  readonly name?: string
  /** The request field that it came from, for errors. */
  readonly param: string
}

export type ContentPart = TextPart | FilePart

/** A call of a tool in an earlier answer. */
export interface PastToolCall {
  readonly id: string
  readonly name: string
  /** A JSON text, or the free text of a custom tool. */
  readonly input: string
}

/** An instruction; `developer` of the OpenAI dialect is `system` here. It stays where it stands in the conversation. */
export interface SystemMessage {
  readonly role: 'system'
  readonly content: readonly ContentPart[]
}

export interface UserMessage {
  readonly role: 'user'
  readonly content: readonly ContentPart[]
}

export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: readonly ContentPart[]
  readonly toolCalls?: readonly PastToolCall[]
}

/** What a tool gave back. */
export interface ToolMessage {
  readonly role: 'tool'
  readonly callId: string
  readonly content: readonly ContentPart[]
  readonly isError?: boolean
}

/** One turn of a conversation. */
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage

/** Pictures that are asked for in place of words. */
export interface PictureWishes {
  readonly count: number
  readonly ratio?: PictureRatio
  /** Kept here for a link, or as bytes. */
  readonly form: 'kept' | 'bytes'
  /** In the text of the answer, or as items of their own (`generated-image` events). */
  readonly as: 'text' | 'item'
}

/** A chat request in our words, after a door has parsed it. */
export interface ChatRequest {
  readonly model: Model
  readonly messages: readonly ChatMessage[]
  /** Whether thinking is part of the answer. */
  readonly reasoning: boolean
  /** The answer ends before the first of these. */
  readonly stop: readonly string[]
  /** The answer ends after this many tokens (estimated). */
  readonly maxOutputTokens?: number
  readonly tools?: ToolUse
  readonly outputFormat?: OutputFormat
  /** The caller declared the service's own search: it is told of each search (`hosted-search` events). */
  readonly hostedSearch?: boolean
  /** The model draws. */
  readonly pictures?: PictureWishes
  /** The model makes a film. */
  readonly video?: VideoWishes
}

/** A message of plain text. */
export function textMessage(role: 'system' | 'user' | 'assistant', text: string): ChatMessage {
  return { role, content: [{ type: 'text', text }] }
}

/** A picture or document given as a `data:` URI or an address; undefined if the URI is not base64. */
export function parseFileUrl(url: string): FileSource | undefined {
  if (!/^data:/i.test(url)) return { type: 'url', url }
  const comma = url.indexOf(',')
  const head = url.slice('data:'.length, comma)
  if (comma < 0 || !/;base64$/i.test(head)) return undefined
  const mediaType = head.split(';')[0]?.trim().toLowerCase() ?? ''
  return { type: 'base64', data: url.slice(comma + 1), ...(mediaType !== '' && { mediaType }) }
}
