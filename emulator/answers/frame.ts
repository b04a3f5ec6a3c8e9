/** A JSON object of a frame. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What a frame is for; the framing malice finds its frames by it. */
export type FrameRole =
  | 'conversation'
  | 'user'
  | 'layout'
  | 'info'
  | 'thinking'
  | 'tool'
  | 'source'
  | 'card'
  | 'progress'
  | 'token'
  | 'soft-stop'
  | 'final-metadata'
  | 'model-response'
  | 'title'
  | 'error'

/** One frame of the stream; a `raw` frame is text that is not whole JSON. */
export type Frame =
  | { readonly role: FrameRole; readonly body: JsonObject }
  | { readonly role: 'raw'; readonly text: string }

/** A frame of the shape `{"result":{"response":{…}}}`, spec/upstream-chat.md §5.1.2. */
export function responseFrame(role: FrameRole, response: JsonObject): Frame {
  return { role, body: { result: { response } } }
}

/** The payload of a response frame, or null for any other frame. */
export function responseOf(frame: Frame): JsonObject | null {
  if (frame.role === 'raw') return null
  const result = frame.body['result']
  return isObject(result) && isObject(result['response']) ? result['response'] : null
}

/** The text of one frame, without a line end. */
export function encodeFrame(frame: Frame): string {
  return frame.role === 'raw' ? frame.text : JSON.stringify(frame.body)
}

/** True for a JSON object, not for an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
