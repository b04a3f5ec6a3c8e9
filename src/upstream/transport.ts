/** One HTTP request to the upstream. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly proxyUrl?: string
  readonly signal: AbortSignal
}

/** How bytes reach the upstream. Cancelling the body, or the signal, must close the upstream's stream. */
export interface Transport {
  /** Resolves when the response headers are there; rejects on a failure of the connection. */
  send(request: TransportRequest): Promise<Response>
}

/** The runtime's own client. Redirects are answers here: the upstream's API does not redirect. */
export const fetchTransport: Transport = {
  send: ({ method, url, headers, body, proxyUrl, signal }) =>
    fetch(url, {
      method,
      headers,
      signal,
      redirect: 'manual',
      ...(body !== undefined && { body }),
      ...(proxyUrl !== undefined && { proxy: proxyUrl }),
    }),
}
