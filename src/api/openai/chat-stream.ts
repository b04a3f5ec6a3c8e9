import type { ChatEvent } from '../../core/chat-event.ts'
import { toGatewayError } from '../../core/error.ts'
import { AnswerMeter, type AnswerTexts, type Usage } from '../../core/usage.ts'
import { mergeStreams } from '../../util/streams/merge-streams.ts'
import { SSE_DONE, sseData } from '../../util/sse.ts'
import { ChatChunkEncoder, encodeUsageChunk, type CallWording, type CompletionHead } from './chat-chunks.ts'
import { encodeOpenAiError } from './error-body.ts'

type Batches = AsyncGenerator<readonly ChatEvent[]>

export interface ChatStreamOptions {
  readonly head: CompletionHead
  /** One stream per choice. */
  readonly answers: readonly Batches[]
  readonly wording: CallWording
  /** Called when one answer failed: the others have nobody to go to. */
  readonly onFailure: () => void
  /** Counts what was answered; absent: no usage chunk is sent. */
  readonly usage?: (texts: AnswerTexts) => Promise<Usage>
}

/** A streamed chat completion: one chunk of frames per batch, an error frame if it breaks, and always the end mark. */
export async function* encodeChatStream({
  head,
  answers,
  wording,
  onFailure,
  usage,
}: ChatStreamOptions): AsyncGenerator<string> {
  const options = { withUsage: usage !== undefined, wording }
  const encoders = answers.map((_, index) => new ChatChunkEncoder(head, index, options))
  const meter = new AnswerMeter()
  let frames = encoders.map((encoder) => encoder.encodeRole()).join('')
  try {
    for await (const { index, item } of mergeStreams(answers)) {
      frames += encoders[index]?.encode(item) ?? ''
      if (usage) meter.add(item)
      if (frames !== '') yield frames
      frames = ''
    }
    if (usage) yield encodeUsageChunk(head, await usage(meter.texts))
  } catch (thrown) {
    onFailure()
    yield sseData(encodeOpenAiError(toGatewayError(thrown)))
  }
  yield SSE_DONE
}
