import { asArray, asNumber, asObject, asString, parseJson, type JsonObject } from '../util/json-fields.ts'
import { unknownEnvelope, unknownField } from './rest/known-fields.ts'
import { JsonObjectReader } from '../util/json-objects.ts'
import type { NoteDrift } from './drift.ts'
import { classifyStreamFailure } from './failure.ts'
import type { StreamWaiting } from './rest-stream.ts'
import type { AnswerBody } from './transport.ts'

/** All that is read of one stream; a generation sends far less (spec/upstream-media.md §2.6). */
const MAX_STREAM_SIZE_BYTES = 64 * 1024 * 1024

/**
 * Reads the frames of an image edit or a video: what stands under `result`, one batch per read. An error inside the
 * stream is thrown (spec/upstream-media.md §17.2). Leaving early cancels the body.
 */
export async function* readMediaFrames(
  body: AnswerBody,
  { onWait, onRead, noteDrift }: StreamWaiting,
): AsyncGenerator<readonly JsonObject[]> {
  const objects = new JsonObjectReader()
  const reader = body.getReader()
  let sizeBytes = 0
  const parse = (object: unknown): JsonObject[] => parseFrame(object, noteDrift)
  const read = () => {
    onWait()
    return reader.read()
  }
  try {
    for (let chunk = await read(); chunk.value; chunk = await read()) {
      onRead()
      sizeBytes += chunk.value.length
      if (sizeBytes > MAX_STREAM_SIZE_BYTES)
        throw new Error(`a stream of more than ${MAX_STREAM_SIZE_BYTES} bytes`)
      const frames = objects.push(chunk.value).flatMap(parse)
      if (frames.length > 0) yield frames
      if (objects.ended) return
    }
    const frames = objects.end().flatMap(parse)
    if (frames.length > 0) yield frames
  } finally {
    // a stream that has failed rejects the cancel with the failure that was thrown already
    await reader.cancel().catch(() => undefined)
  }
}

/** The content of one object of the stream; throws the error that it holds. */
function parseFrame(object: unknown, noteDrift: NoteDrift): JsonObject[] {
  const fields = asObject(object)
  throwError(fields?.['error'])
  const result = asObject(fields?.['result'])
  const response = asObject(result?.['response'])
  throwError(response?.['error'])
  for (const error of asArray(asObject(response?.['modelResponse'])?.['streamErrors'])) throwError(error)
  const kind = response ? unknownField(response) : unknownEnvelope(fields ?? {}, result)
  if (kind !== undefined) noteDrift(`media: ${kind}`, object)
  return result ? [result] : []
}

function throwError(value: unknown): void {
  if (value === undefined || value === null) return
  const outer = asObject(parseJson(value))
  const fields = asObject(outer?.['error']) ?? outer
  const message =
    asString(fields?.['message']) ?? asString(fields?.['detail']) ?? asString(value) ?? 'no message'
  throw classifyStreamFailure({ code: asNumber(fields?.['code']) ?? 0, message })
}
