import { GatewayError } from '../core/error.ts'
import type { QuotaFigures } from '../core/quota-report.ts'
import { driftFailure } from './failure.ts'
import { callGrpcWeb, connectHeaders } from './grpc-web-call.ts'
import { decodeFloat, ProtobufError, readFields, type WireField } from './protobuf.ts'
import type { CallerIdentity, RestCaller } from './rest-call.ts'

const PATH = '/grok_api_v2.GrokBuildBilling/GetGrokCreditsConfig'
const TIMEOUT_SECONDS = 15

/** An answer that is larger is none: three numbers and a breakdown take a hundred bytes. */
const MAX_MESSAGE_SIZE_BYTES = 65_536

/** What is left is counted in hundredths of a percent. */
const POOL_TOTAL = 10_000
const MAX_PERCENT = 100

const ONE_DAY_MS = 86_400_000
const MIN_PERIOD_MS = ONE_DAY_MS
const MAX_PERIOD_MS = 31 * ONE_DAY_MS

/** Field numbers (spec/upstream-chat.md §7.5). */
const CONFIG = 1
const USED_PERCENT = 1
const PERIOD_START = 4
const PERIOD_END = 5
const SECONDS = 1
const NANOS = 2

/** The range of a protobuf `Timestamp` from 1970 on: what lies outside is none. */
const MAX_SECONDS = 253_402_300_799n
const MAX_NANOS = 999_999_999n

interface Timestamp {
  readonly ms: number
  readonly hasNanos: boolean
}

/**
 * What a paid account has left of its weekly pool; `absent` for one that has none. A failure says nothing about the
 * account, whatever its code: the calls that go out beside this one tell whether it is in order.
 */
export async function fetchWeeklyPool(
  call: RestCaller,
  identity: CallerIdentity,
): Promise<QuotaFigures | 'absent' | GatewayError | undefined> {
  try {
    const message = await callGrpcWeb(call, identity, {
      path: PATH,
      message: [],
      headers: { ...connectHeaders, 'x-statsig-id': undefined, 'x-xai-request-id': undefined },
      timeoutSeconds: TIMEOUT_SECONDS,
    })
    return parseWeeklyPool(message)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    // an older service does not know the question, which says nothing about the account
    return error.code === 'upstream_rejected' ? undefined : error
  }
}

/** The figures in the message of an answer; throws if they cannot be what the upstream means. */
export function parseWeeklyPool(message: Uint8Array | undefined): QuotaFigures | 'absent' {
  try {
    return readPool(message)
  } catch (error) {
    if (error instanceof ProtobufError) throw driftFailure(`the weekly pool: ${error.message}`)
    throw error
  }
}

function readPool(message: Uint8Array | undefined): QuotaFigures | 'absent' {
  if (!message) throw new ProtobufError('no message came')
  if (message.length > MAX_MESSAGE_SIZE_BYTES) throw new ProtobufError(`a message of ${message.length} bytes`)
  const config = readFields(bytesOf(readFields(message), CONFIG) ?? new Uint8Array())
  const usedPercent = floatOf(config, USED_PERCENT)
  const start = readTimestamp(config, PERIOD_START)
  const end = readTimestamp(config, PERIOD_END)
  const isPercent = usedPercent === undefined || (usedPercent >= 0 && usedPercent <= MAX_PERCENT)
  if (!isPercent) throw new ProtobufError(`${usedPercent} is no percentage`)
  const periodMs = end.ms - start.ms
  if (periodMs < MIN_PERIOD_MS || periodMs > MAX_PERIOD_MS)
    throw new ProtobufError(`a period of ${periodMs} ms`)
  // a free account has a period by the calendar and never a share of it
  if (usedPercent === undefined && !start.hasNanos && !end.hasNanos) return 'absent'
  return {
    remaining: POOL_TOTAL - Math.round((usedPercent ?? 0) * (POOL_TOTAL / MAX_PERCENT)),
    total: POOL_TOTAL,
    windowSeconds: Math.round(periodMs / 1000),
    resetAt: end.ms,
  }
}

function readTimestamp(config: readonly WireField[], number: number): Timestamp {
  const bytes = bytesOf(config, number)
  if (!bytes) throw new ProtobufError('a time is missing')
  const fields = readFields(bytes)
  const seconds = varintOf(fields, SECONDS)
  const nanos = varintOf(fields, NANOS)
  if (seconds > MAX_SECONDS || nanos > MAX_NANOS) throw new ProtobufError('a time is out of range')
  return { ms: Number(seconds) * 1000 + Math.round(Number(nanos) / 1e6), hasNanos: nanos > 0n }
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array | undefined {
  const field = lastOf(fields, number)
  if (field && field.type !== 'bytes') throw oddType(field)
  return field?.value
}

function floatOf(fields: readonly WireField[], number: number): number | undefined {
  const field = lastOf(fields, number)
  if (field && field.type !== 'fixed32') throw oddType(field)
  return field && decodeFloat(field.value)
}

/** A number that is not there is 0, as the format has it. */
function varintOf(fields: readonly WireField[], number: number): bigint {
  const field = lastOf(fields, number)
  if (field && field.type !== 'varint') throw oddType(field)
  return field?.value ?? 0n
}

/** Of a field that comes twice the last one holds, as the format has it. */
function lastOf(fields: readonly WireField[], number: number): WireField | undefined {
  return fields.findLast((field) => field.number === number)
}

function oddType({ number, type }: WireField): ProtobufError {
  return new ProtobufError(`field ${number} is of type ${type}`)
}
