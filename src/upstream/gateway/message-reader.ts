import { asObject, type JsonObject } from '../../util/json-fields.ts'
import { JsonObjectReader, JsonObjectsError } from '../../util/json-objects.ts'

/** The largest message that is read (spec/upstream-chat.md §3.2.1), in UTF-16 units. */
const MAX_MESSAGE_LENGTH = 16 * 1024 * 1024

const encoder = new TextEncoder()

/**
 * Gets the envelopes out of messages. Normally a message is one; several in a message and one over several messages are
 * read too, and what is no JSON is passed over (spec/upstream-chat.md §3.2.1).
 */
export class MessageReader {
  /** An envelope that was begun and not ended. */
  #torn: JsonObjectReader | undefined

  /** The envelopes that this message completes. */
  read(text: string): readonly JsonObject[] {
    if (text.length > MAX_MESSAGE_LENGTH) {
      throw new JsonObjectsError(`a message is longer than ${MAX_MESSAGE_LENGTH} characters`)
    }
    const whole = parseEnvelope(text)
    if (whole) {
      this.#torn = undefined
      return [whole]
    }
    const alone = new JsonObjectReader()
    const bytes = encoder.encode(text)
    const objects = alone.push(bytes)
    // whole envelopes say that what was begun before will not go on
    const standsAlone = objects.length > 0 && objects.every(isEnvelope)
    if (!this.#torn || standsAlone) {
      this.#torn = alone.isInside ? alone : undefined
      return objects.filter(isEnvelope)
    }
    const completed = this.#torn.push(bytes)
    if (!this.#torn.isInside) this.#torn = undefined
    return completed.filter(isEnvelope)
  }
}

function parseEnvelope(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isEnvelope(value) ? value : undefined
  } catch {
    return undefined // several objects, a part of one, or none
  }
}

function isEnvelope(value: unknown): value is JsonObject {
  return asObject(asObject(value)?.['event']) !== undefined
}
