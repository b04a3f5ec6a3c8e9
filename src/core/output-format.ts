import type { JsonObject } from '../util/json-fields.ts'

/** The form that the text of an answer must have; absent in a request: any. */
export type OutputFormat =
  | { readonly type: 'json-object' }
  | {
      readonly type: 'json-schema'
      readonly name: string
      readonly description?: string
      readonly schema: JsonObject
    }
