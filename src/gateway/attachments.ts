import type { ChatMessage } from '../core/chat-request.ts'
import { GatewayError } from '../core/error.ts'

/** A picture or document whose bytes are here and were looked at. */
export interface LoadedFile {
  readonly name: string
  /** As its bytes say, not as somebody claims. */
  readonly mediaType: string
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, hexadecimal. */
  readonly hash: string
}

/** The account that files are put up for, and the way there. */
export interface UploadTarget {
  readonly accountId: number
  readonly credential: string
  readonly proxyUrl?: string
  readonly signal: AbortSignal
}

/** The files of a conversation: read once per request, put up once per account. */
export interface Attachments {
  /** The bytes of every file of the conversation, in order, each once; throws what is wrong with one, by its field. */
  load(messages: readonly ChatMessage[], signal: AbortSignal): Promise<readonly LoadedFile[]>
  /** Their ids at the account, in order; what is there already is not sent again. */
  upload(files: readonly LoadedFile[], target: UploadTarget): Promise<readonly string[]>
}

/** Stands in where no files can be read: a conversation with one is refused. */
export const noAttachments: Attachments = {
  load: async (messages) => {
    for (const { content } of messages) {
      for (const part of content) {
        if (part.type === 'file')
          throw new GatewayError('invalid_request', `${part.param}: files are not served yet.`, {
            param: part.param,
          })
      }
    }
    return []
  },
  upload: async () => [],
}
