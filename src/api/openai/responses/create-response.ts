import type { Context, Handler } from 'hono'
import { toGatewayError } from '../../../core/error.ts'
import { SSE_DONE } from '../../../util/sse.ts'
import { startStream } from '../../../util/streams/start-stream.ts'
import type { ApiEnv } from '../../context.ts'
import { announceIgnored, findUnknown } from '../../ignored-parameters.ts'
import { logFailure } from '../../render-error.ts'
import { readJsonBody } from '../../request-body.ts'
import { sseResponse } from '../../sse-response.ts'
import { httpCaller } from './caller.ts'
import { answerError } from './error-answer.ts'
import { encodeFrame, type WireEvent } from './event-writer.ts'
import { findIgnored, parseCreateBody } from './parse-create.ts'
import type { ResponsesParts } from './responses-parts.ts'
import { createSchema } from './schema-body.ts'
import { encodeFailedStart, foldTurn, openTurn, playTurn, type ResponseTurn } from './turn.ts'

/** `POST /v1/responses` (spec/public-api.md §6). */
export function createResponse(parts: ResponsesParts): Handler<ApiEnv> {
  return async (c) => {
    const input = await readJsonBody(c)
    const body = parseCreateBody(input)
    const isStream = body.stream ?? parts.chatDefaults().stream
    try {
      const turn = await openTurn(parts, body, httpCaller(parts, c))
      const response = isStream ? await streamTurn(parts, turn) : await answerWhole(parts, c, turn)
      return announceIgnored(response, [...findIgnored(body), ...findUnknown(input, createSchema)])
    } catch (thrown) {
      const failure = toGatewayError(thrown)
      if (!isStream || failure.status < 500 || !isCodex(c)) return answerError(parts, c, thrown)
      logFailure(failure, c, parts.log)
      return sseResponse(encodeFrames(one(encodeFailedStart(parts, body, failure))), { onCancel: () => {} })
    }
  }
}

async function answerWhole(parts: ResponsesParts, c: Context<ApiEnv>, turn: ResponseTurn): Promise<Response> {
  try {
    return c.json(await foldTurn(parts, turn))
  } catch (thrown) {
    turn.clientChat.leave() // the answer may be under way, and has nobody to go to
    throw thrown
  }
}

/** The first event of the answer comes before the status, so that an early failure keeps its own. */
async function streamTurn(parts: ResponsesParts, turn: ResponseTurn): Promise<Response> {
  const { leave } = turn.clientChat
  try {
    const answer = await startStream(turn.answer)
    return sseResponse(encodeFrames(playTurn(parts, { ...turn, answer })), { onCancel: leave })
  } catch (thrown) {
    leave()
    throw thrown
  }
}

/**
 * Codex repeats a request that fails with a status of 500 and more 30 times within seconds, but a response that failed
 * only 6 times (spec/clients.md §3.1). So it alone is told of such a failure inside a stream; for everybody else the
 * status stays what it is.
 */
function isCodex(c: Context<ApiEnv>): boolean {
  return /^codex/i.test(c.req.header('originator') ?? '') || /\bcodex/i.test(c.req.header('user-agent') ?? '')
}

/** One chunk of frames per batch, then the end mark of the Open Responses specification. */
async function* encodeFrames(batches: AsyncIterable<readonly WireEvent[]>): AsyncGenerator<string> {
  for await (const batch of batches) yield batch.map(encodeFrame).join('')
  yield SSE_DONE
}

async function* one<Item>(item: Item): AsyncGenerator<Item> {
  yield item
}
