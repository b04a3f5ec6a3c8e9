import { isObject, type JsonObject } from '../answers/frame.ts'
import { assertNever } from '../state/assert-never.ts'
import type { GatewayEffect } from '../state/faults.ts'
import { seededRandom } from '../state/random.ts'
import type { DeliveryPlan } from '../wire/plan.ts'
import { eventOf, type GatewayEvent } from './events.ts'

const LARGE_FRAME_LENGTH = 4 * 1024 * 1024
const OBJECTS_PER_MESSAGE = 3
const TERMINAL: ReadonlySet<unknown> = new Set(['response.done', 'error', 'response.error', 'session.ended'])

/** The messages of an answer, and what comes after them. */
export interface Delivery {
  readonly messages: readonly string[]
  /** `wait`: the client is to close; `close`: the server does; `silence`: nothing more is said; `drop`: a reset. */
  readonly end: 'wait' | 'close' | 'silence' | 'drop'
}

/** Turns events into messages, with everything that goes wrong on the way. */
export function deliver(events: readonly GatewayEvent[], sessionId: string, plan: DeliveryPlan): Delivery {
  const disturbed = plan.gateway.reduce(withEffect, events)
  const texts = disturbed.map((event) => encode(event, sessionId))
  const last = disturbed.at(-1)
  const isTerminal = last?.type === 'event' && TERMINAL.has(last.event['type'])
  const { stop } = plan
  if (stop === null) return { messages: joined(texts, plan), end: isTerminal ? 'wait' : 'close' }
  const kept = texts.slice(0, stop.afterFrames)
  const next = texts[stop.afterFrames]
  const half = stop.insideFrame && next !== undefined ? [next.slice(0, Math.ceil(next.length / 2))] : []
  const ends = { stall: 'silence', reset: 'drop', close: 'close' } as const
  return { messages: joined([...kept, ...half], plan), end: ends[stop.how] }
}

function encode(event: GatewayEvent, sessionId: string): string {
  if (event.type === 'raw') return event.text
  // an error of the edge knows of no session (T13 b), nor does a ping
  const isBare = event.event['type'] === 'error' || event.event['type'] === 'ping'
  return JSON.stringify(isBare ? { event: event.event } : { session_id: sessionId, event: event.event })
}

function joined(texts: readonly string[], plan: DeliveryPlan): readonly string[] {
  const { newline, cutBytes } = plan.framing
  if (cutBytes !== null) return cut(texts.join(''), cutBytes)
  if (newline && !plan.gateway.includes('several-per-message')) return texts
  const messages: string[] = []
  for (let index = 0; index < texts.length; index += OBJECTS_PER_MESSAGE) {
    messages.push(texts.slice(index, index + OBJECTS_PER_MESSAGE).join(newline ? '\n' : ''))
  }
  return messages
}

/** A message is text, so it is cut between characters. */
function cut(text: string, { seed, minBytes, maxBytes }: NonNullable<DeliveryPlan['framing']['cutBytes']>) {
  const random = seededRandom(seed)
  const characters = Array.from(text)
  const messages: string[] = []
  for (let start = 0; start < characters.length;) {
    const size = minBytes + Math.floor(random() * (maxBytes - minBytes + 1))
    messages.push(characters.slice(start, start + size).join(''))
    start += size
  }
  return messages
}

function withEffect(events: readonly GatewayEvent[], effect: GatewayEffect): readonly GatewayEvent[] {
  switch (effect) {
    case 'duplicate-families':
      return events.flatMap((event) => [event, ...deltaOf(event)])
    case 'deltas-only':
      return onlyDeltas(events)
    case 'large-frame':
      return [eventOf({ type: 'x.padding', padding: 'x'.repeat(LARGE_FRAME_LENGTH) }), ...events]
    case 'not-json':
      return events.flatMap((event) => [{ type: 'raw' as const, text: 'not {json' }, event])
    case 'server-ping':
      return [eventOf({ type: 'ping', event_id: 'evt_server_1' }), ...events]
    case 'session-ended':
      return [...events.filter((event) => !isDone(event)), eventOf({ type: 'session.ended' })]
    case 'attached-first':
    case 'foreign-created':
    case 'mismatched-id':
    case 'several-per-message':
      return events
    default:
      return assertNever(effect)
  }
}

/** The answer as text deltas alone, as a client gets it that did not ask for chunks. */
export function onlyDeltas(events: readonly GatewayEvent[]): readonly GatewayEvent[] {
  return events.flatMap((event) => {
    const delta = deltaOf(event)
    return delta.length > 0 ? delta : [event]
  })
}

function deltaOf(event: GatewayEvent): readonly GatewayEvent[] {
  const said = event.type === 'event' ? textOf(event.event) : null
  return said === null ? [] : [eventOf({ type: 'response.output_text.delta', delta: said })]
}

/** The answer text in an event, or null. */
function textOf({ chunk }: JsonObject): string | null {
  const said = isObject(chunk) ? chunk['text'] : null
  if (!isObject(said) || typeof said['text'] !== 'string') return null
  const channel = said['channel']
  return channel === undefined || channel === 'CHANNEL_ASSISTANT_RESPONSE' ? said['text'] : null
}

function isDone(event: GatewayEvent): boolean {
  return event.type === 'event' && event.event['type'] === 'response.done'
}
