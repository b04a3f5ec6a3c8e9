import type { ChatEvent } from '../../core/chat-event.ts'
import { GatewayError } from '../../core/error.ts'
import type { ChatCall } from '../chat-call.ts'
import type { RestCallerOptions } from '../rest-call.ts'
import { openRestStream } from '../rest-stream.ts'
import { encodeChatBody } from './chat-body.ts'
import { readChat } from './read-chat.ts'

/** After the end of an answer, how long its metadata is waited for. */
const METADATA_GRACE_MS = 2_000

/** Opens a Gen-A chat (spec/upstream-chat.md §3.1); the first pull sends it. */
export function openRestChat(
  options: RestCallerOptions,
  { mode, prompt, fileIds, continues, ...call }: ChatCall,
): AsyncGenerator<readonly ChatEvent[]> {
  // the protocol was changed in this very moment: the prompt would be half a conversation
  if (continues) throw new GatewayError('upstream_rejected', 'The older chat protocol continues nothing.')
  const { assetsUrl, chatIdleSeconds, temporary, memory, customInstruction } = options.settings()
  const body = encodeChatBody({ prompt, fileIds, mode, temporary, memory, customInstruction })
  return openRestStream(
    options,
    { ...call, body, refererPath: '/', idleSeconds: chatIdleSeconds },
    (stream, waiting) =>
      readChat(stream, {
        assetsUrl,
        noteDrift: waiting.noteDrift,
        onWait: waiting.onWait,
        onRead: waiting.onRead,
        onEnded: () => waiting.setLimit(METADATA_GRACE_MS),
      }),
  )
}
