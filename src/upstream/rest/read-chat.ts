import type { ChatEvent } from '../../core/chat-event.ts'
import { JsonObjectReader } from '../../util/json-objects.ts'
import type { NoteDrift } from '../drift.ts'
import type { AnswerBody } from '../transport.ts'
import { ChatDecoder } from './chat-decoder.ts'

export interface ReadChatOptions {
  readonly assetsUrl: string
  /** Told of frames that are not known. */
  readonly noteDrift?: NoteDrift
  /** Called before and after every read: only in between is the upstream waited for, not while a reader takes his time. */
  readonly onWait: () => void
  readonly onRead: () => void
  /** Called once when the answer is complete and only metadata may follow. */
  readonly onEnded: () => void
}

/** Reads a Gen-A answer: one batch of events per read of the socket. Leaving early cancels the body. */
export async function* readChat(
  body: AnswerBody,
  { assetsUrl, noteDrift, onWait, onRead, onEnded }: ReadChatOptions,
): AsyncGenerator<readonly ChatEvent[]> {
  const objects = new JsonObjectReader()
  const decoder = new ChatDecoder(assetsUrl, noteDrift)
  const decode = (frames: readonly unknown[], events: ChatEvent[]): void => {
    const wasEnded = decoder.ended
    for (const frame of frames) decoder.decode(frame, events)
    if (objects.ended) decoder.markEnded()
    if (decoder.ended && !wasEnded) onEnded()
  }
  const reader = body.getReader()
  const read = (): Promise<{ done: boolean; value?: Uint8Array | undefined }> => {
    onWait()
    // a connection that fails after the answer's end has nothing more to say
    return decoder.ended ? reader.read().catch(() => ({ done: true })) : reader.read()
  }
  let delivered = false
  let events: ChatEvent[] = []
  try {
    for (let chunk = await read(); chunk.value; chunk = await read()) {
      onRead()
      decode(objects.push(chunk.value), events)
      if (events.length > 0) {
        delivered = true
        yield events
        events = []
      }
      if (objects.ended) break
    }
    // after the mark of the end the rest is only metadata, and may be cut
    if (!decoder.ended) decode(objects.end(), events)
    decoder.end(events)
    yield events
  } catch (error) {
    // what came before the failure in the same read belongs to an answer that has begun; a first read that fails is
    // thrown whole, so that another account may give the whole answer
    if (delivered && events.length > 0) yield events
    throw error
  } finally {
    // a stream that has failed rejects the cancel with the failure that was thrown already
    await reader.cancel().catch(() => undefined)
  }
}
