import { z } from 'zod'
import type { Json } from '../core/job.ts'

const json = z.json()
const values = z.record(z.string(), z.unknown())

/** The value in a JSON text that the store wrote. */
export function parseJson(text: string): Json {
  return json.parse(JSON.parse(text))
}

/** The settings document in a JSON text; throws if it is not an object. */
export function parseValues(text: string): Readonly<Record<string, unknown>> {
  return values.parse(JSON.parse(text))
}
