import type { z } from 'zod'
import { asObject } from '../util/json-fields.ts'

/** A name that can stand in a header. */
const NAME = /^[\w.-]{1,64}$/
const MAX_NAMES = 32

/** Tells the caller which of its parameters have no effect here, so that nothing is ignored in silence. */
export function announceIgnored(response: Response, names: readonly string[]): Response {
  if (names.length > 0) response.headers.set('x-grok2api-ignored', names.join(', '))
  return response
}

/** The fields of a body that its schema does not know. */
export function findUnknown(body: unknown, { shape }: z.ZodObject): readonly string[] {
  const names = Object.keys(asObject(body) ?? {})
  return names.filter((name) => !Object.hasOwn(shape, name) && NAME.test(name)).slice(0, MAX_NAMES)
}
