import type { ProductContext } from './exchange.ts'

export const OK_TRAILER = 'grpc-status:0\r\n'
export const INVALID_ARGUMENT_TRAILER = 'grpc-status:3\r\ngrpc-message:invalid%20argument\r\n'

const MESSAGE = 0x00
const TRAILERS = 0x80

/** A gRPC-web request as hexadecimal digits: its message in its frame (spec/upstream-media.md §15.1). */
export async function readHex(c: ProductContext): Promise<string> {
  return Buffer.from(await c.req.arrayBuffer()).toString('hex')
}

/** HTTP 200 whatever happened; the trailer frame tells. A call that has something to say says it in a frame before. */
export function grpcAnswer(trailer: string, message?: Uint8Array): Response {
  const frames = message === undefined ? [] : [encodeFrame(MESSAGE, message)]
  return new Response(Buffer.concat([...frames, encodeFrame(TRAILERS, Buffer.from(trailer))]), {
    headers: { 'Content-Type': 'application/grpc-web+proto' },
  })
}

function encodeFrame(flag: number, payload: Uint8Array): Buffer {
  const head = Buffer.from([flag, 0, 0, 0, 0])
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, payload])
}
