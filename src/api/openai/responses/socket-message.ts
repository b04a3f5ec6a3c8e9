import { z } from 'zod'
import { GatewayError, toGatewayError } from '../../../core/error.ts'
import { parseJsonText } from '../../../util/json-repair.ts'
import { refuse } from '../../chat-door.ts'
import { parseWith } from '../../parse-with.ts'
import { encodeResponsesError } from './error-answer.ts'
import { parseCreateBody } from './parse-create.ts'
import type { CreateBody } from './schema-body.ts'

const MAX_LANE_NAME_LENGTH = 256

const envelopeSchema = z.looseObject({
  type: z.string({ error: 'must be the type of a client event' }),
  stream_id: z.string().max(MAX_LANE_NAME_LENGTH).nullish(),
  generate: z.boolean().nullish(),
})

/** A request that came over a socket. */
export interface SocketRequest {
  readonly body: CreateBody
  /** Requests of one lane are answered one after another; its name is given back in every event. */
  readonly lane?: string
  /** False: the conversation is only taken in. */
  readonly generate: boolean
}

/** Parses a client event (`ResponsesClientEvent` of the official types); throws what is wrong with it. */
export function parseSocketMessage(text: string): SocketRequest {
  const value = parseJsonText(text)
  if (value === undefined) throw new GatewayError('invalid_request', 'The message is not valid JSON.')
  const { type, stream_id: lane, generate, ...body } = parseWith(envelopeSchema, value)
  if (type !== 'response.create') throw refuse('type', `events of type '${type}' are not served`)
  return { body: parseCreateBody(body), generate: generate ?? true, ...(lane && { lane }) }
}

/** A failure outside any response, as the official protocol tells it over a socket. */
export function encodeSocketError(thrown: unknown): string {
  const failure = toGatewayError(thrown)
  return JSON.stringify({ type: 'error', status: failure.status, ...encodeResponsesError(failure) })
}

/** An event with the name of its lane. */
export function inLane(json: string, lane: string | undefined): string {
  return lane === undefined ? json : `${json.slice(0, -1)},"stream_id":${JSON.stringify(lane)}}`
}
