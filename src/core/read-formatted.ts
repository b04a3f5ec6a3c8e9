import { asObject } from '../util/json-fields.ts'
import { parseJsonText, repairJson } from '../util/json-repair.ts'
import { readJsonSchema } from '../util/json-schema.ts'
import type { OutputFormat } from './output-format.ts'

/** A text that has the form, as it is to be passed on; or what keeps it from having it. */
export type FormattedText = { readonly text: string } | { readonly fault: string }

/** Reads an answer that was to be JSON; a wrapping around it and small faults of writing are mended, nothing else. */
export function readFormatted(answer: string, format: OutputFormat): FormattedText {
  const text = findJson(answer)
  if (text === undefined) return { fault: 'it is not valid JSON' }
  const value = parseJsonText(text)
  if (format.type === 'json-object') {
    return asObject(value) ? { text } : { fault: 'it is not a JSON object' }
  }
  const fault = readJsonSchema(format.schema).findFault(value)
  return fault === undefined ? { text } : { fault }
}

/** The JSON in a text: all of it, or what stands between the first and the last brace. */
function findJson(answer: string): string | undefined {
  const whole = answer.trim()
  const inner = whole.slice(whole.indexOf('{'), whole.lastIndexOf('}') + 1)
  return [whole, repairJson(whole), inner, repairJson(inner)].find(
    (text) => parseJsonText(text) !== undefined,
  )
}
