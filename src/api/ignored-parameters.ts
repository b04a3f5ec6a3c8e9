/** Tells the caller which of its parameters have no effect here, so that nothing is ignored in silence. */
export function announceIgnored(response: Response, names: readonly string[]): Response {
  if (names.length > 0) response.headers.set('x-grok2api-ignored', names.join(', '))
  return response
}
