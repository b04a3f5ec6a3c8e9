import { asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import { JsonObjectReader, JsonObjectsError } from '../../util/json-objects.ts'
import { ignoreDrift, type NoteDrift } from '../drift.ts'
import { unknownFrame } from './known-events.ts'

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
  readonly #noteDrift: NoteDrift

  /** `noteDrift` is told of messages that are JSON and no envelopes. */
  constructor(noteDrift: NoteDrift = ignoreDrift) {
    this.#noteDrift = noteDrift
  }

  /** The envelopes that this message completes. */
  read(text: string): readonly JsonObject[] {
    if (text.length > MAX_MESSAGE_LENGTH) {
      throw new JsonObjectsError(`a message is longer than ${MAX_MESSAGE_LENGTH} characters`)
    }
    const whole = parseWhole(text)
    if (isEnvelope(whole)) {
      this.#torn = undefined
      return [whole]
    }
    // inside a torn envelope it may be a piece of that
    if (whole !== undefined && !this.#torn) {
      this.#noteDrift(unknownFrame(whole), whole)
      return []
    }
    const bytes = encoder.encode(text)
    const completed = this.#torn?.push(bytes).filter(isEnvelope) ?? []
    return completed.length > 0 ? this.#keep(this.#torn, completed) : this.#readAlone(bytes)
  }

  /** The message by itself; whole envelopes in it say that what was begun before will not go on. */
  #readAlone(bytes: Uint8Array): readonly JsonObject[] {
    const alone = new JsonObjectReader(MAX_MESSAGE_LENGTH)
    const found = alone.push(bytes).filter(isEnvelope)
    if (!this.#torn || found.length > 0) return this.#keep(alone, found)
    return this.#keep(this.#torn, [])
  }

  #keep(reader: JsonObjectReader | undefined, found: readonly JsonObject[]): readonly JsonObject[] {
    this.#torn = reader?.isInside === true ? reader : undefined
    return found
  }
}

function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // several objects, a part of one, or none
  }
}

function isEnvelope(value: unknown): value is JsonObject {
  return asString(asObject(asObject(value)?.['event'])?.['type']) !== undefined
}
