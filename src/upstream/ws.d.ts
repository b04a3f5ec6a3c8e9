/* The runtime brings this module along, but no types for it; only what is used here is described. */
declare module 'ws' {
  import type { IncomingMessage } from 'node:http'

  export interface SocketOptions {
    readonly headers?: Readonly<Record<string, string>>
    readonly proxy?: string
  }

  /** A socket that, unlike the global one, tells what the server answered instead of opening it. */
  export class WebSocket {
    constructor(url: string, options: SocketOptions)
    on(event: 'unexpected-response', listen: (request: unknown, response: IncomingMessage) => void): this
    addEventListener(type: 'open', listen: () => void): void
    addEventListener(type: 'error', listen: (event: { readonly message?: unknown }) => void): void
    addEventListener(type: 'message', listen: (event: { readonly data: unknown }) => void): void
    addEventListener(type: 'close', listen: (event: { readonly code: number }) => void): void
    send(text: string): void
    close(): void
  }
}
