import { classifyHttpFailure } from './failure.ts'
import { encodeGrpcWebMessage, parseGrpcWebAnswer } from './grpc-web.ts'
import type { CallerIdentity, RestCall, RestCaller } from './rest-call.ts'

/** A gRPC-web call: its message instead of a body, always posted. */
export interface GrpcWebCall extends Omit<RestCall, 'method' | 'body'> {
  readonly message: readonly number[]
}

const usualHeaders = {
  'content-type': 'application/grpc-web+proto',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  'x-grpc-web': '1',
}

/** Names the library that pages make some of these calls with (spec/upstream-media.md §15.1). */
export const connectHeaders = { 'x-user-agent': 'connect-es/2.1.1' }

/** Makes a gRPC-web call and gives its message, if one came. It fails by its own status although HTTP says 200. */
export async function callGrpcWeb(
  call: RestCaller,
  identity: CallerIdentity,
  { message, headers: own, ...request }: GrpcWebCall,
): Promise<Uint8Array | undefined> {
  const body = encodeGrpcWebMessage(message)
  const { headers, body: answer } = await call(
    { ...request, method: 'POST', body, headers: { ...usualHeaders, ...own } },
    identity,
  )
  const { status, reason, message: answered } = parseGrpcWebAnswer(answer, headers)
  if (status !== 200) throw classifyHttpFailure({ status, headers, body: reason })
  return answered
}
