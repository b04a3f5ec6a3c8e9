import { z } from 'zod'
import { GatewayError } from '../../../core/error.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { looseObject } from './schema-body.ts'

/** What is kept of an answer: the response as it was sent, and the items that it answers. */
export interface ResponseDocument {
  readonly response: JsonObject
  readonly input: readonly JsonObject[]
}

const documentSchema = z.object({ response: looseObject, input: z.array(looseObject) })
const outputSchema = z.object({ output: z.array(looseObject) })

/** The text under which a document is kept: one string, which no store takes apart. */
export function encodeDocument(document: {
  readonly response: object
  readonly input: readonly object[]
}): string {
  return JSON.stringify(document)
}

/** Reads a kept document; one that cannot be read is a fault of ours. */
export function parseDocument(kept: unknown): ResponseDocument {
  try {
    return documentSchema.parse(JSON.parse(z.string().parse(kept)))
  } catch (error) {
    throw new GatewayError('internal', 'A kept response cannot be read.', { cause: error })
  }
}

/** The items of a kept answer. */
export function outputOf({ response }: ResponseDocument): readonly JsonObject[] {
  return outputSchema.parse(response).output
}
