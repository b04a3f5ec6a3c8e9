import type { ChatEvent } from '../../core/chat-event.ts'
import { toGatewayError } from '../../core/error.ts'
import { AnswerMeter, type AnswerTexts, type Usage } from '../../core/usage.ts'
import { BlockEncoder } from './block-encoder.ts'
import { encodeAnthropicError } from './error-body.ts'
import type { BlockEvent } from './message-events.ts'
import { encodeMessageDelta, encodeMessageStart, type MessageHead } from './message.ts'

/** A sign of life of this dialect; official clients skip it. */
export const PING_FRAME = encodeFrame({ type: 'ping' })

export interface MessageStreamOptions {
  readonly head: MessageHead
  readonly answer: AsyncGenerator<readonly ChatEvent[]>
  /** Estimated tokens of the question. */
  readonly inputTokens: number
  /** Counts what was asked and answered. */
  readonly usage: (texts: AnswerTexts) => Promise<Usage>
  readonly requestId: string
}

/**
 * A streamed message: one chunk of frames per batch. If it breaks, an error event is the last one; no other dialect's
 * end mark follows (D-25).
 */
export async function* encodeMessageStream({
  head,
  answer,
  inputTokens,
  usage,
  requestId,
}: MessageStreamOptions): AsyncGenerator<string> {
  const encoder = new BlockEncoder(head.id)
  const meter = new AnswerMeter()
  let frames = encodeFrame(encodeMessageStart(head, inputTokens)) + PING_FRAME
  try {
    for await (const batch of answer) {
      meter.add(batch)
      for (const event of encoder.encode(batch)) frames += encodeBlockFrame(event)
      if (frames !== '') yield frames
      frames = ''
    }
    const { outcome } = encoder
    frames += encodeFrame(encodeMessageDelta(outcome, await usage(meter.texts)))
    yield frames + encodeFrame({ type: 'message_stop' })
  } catch (thrown) {
    yield frames + encodeFrame(encodeAnthropicError(toGatewayError(thrown), requestId))
  }
}

/** Deltas of text are nearly all of a stream: they are put together from ready-made pieces. */
function encodeBlockFrame(event: BlockEvent): string {
  if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return encodeFrame(event)
  const text = JSON.stringify(event.delta.text)
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${event.index},"delta":{"type":"text_delta","text":${text}}}\n\n`
}

/** Official clients need the name in a line of its own (spec/clients.md §3.4). */
function encodeFrame(event: { readonly type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
