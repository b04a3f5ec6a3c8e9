import { MAX_FAILURE_BODY_LENGTH } from './failure.ts'
import type { AnswerBody } from './transport.ts'

/** The beginning of a body, as much as anybody looks at of a failure; the rest is not read. Without a body, nothing. */
export async function readStart(body: AnswerBody | null): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= MAX_FAILURE_BODY_LENGTH) break
  }
  return text.slice(0, MAX_FAILURE_BODY_LENGTH)
}
