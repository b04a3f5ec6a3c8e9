/** The client's end of a WebSocket. */
export interface ClientSocket {
  /** Sends a message; it resolves when the client has room for the next. */
  send(text: string): Promise<void>
  close(code: number, reason: string): void
}

/** What becomes of a WebSocket. */
export interface SocketSession {
  open(socket: ClientSocket): void
  /** A text message; others are not passed on. */
  message(text: string): void
  /** The connection is over, whoever ended it. */
  close(): void
}

/** Makes a request a WebSocket; false if it is no request for one. */
export type UpgradeToSocket = (session: SocketSession) => boolean
