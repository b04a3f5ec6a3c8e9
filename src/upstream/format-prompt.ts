import type { OutputFormat } from '../core/output-format.ts'

/** The instruction that asks for an answer of this form. */
export function encodeFormatPrompt(format: OutputFormat): string {
  const lines = [
    'The final answer to the conversation below must be one valid JSON object and nothing else:',
    'no Markdown fence around it, no words before or after it, no comments in it, no citation markers in it.',
  ]
  if (format.type === 'json-schema') {
    lines.push(
      `Its name is ${format.name}.${format.description === undefined ? '' : ` ${format.description}`}`,
      'It must fit this JSON schema, with every required property and no property that the schema forbids:',
      JSON.stringify(format.schema),
    )
  }
  return lines.join('\n')
}

/** What is said to a model whose answer did not have the form that was asked for. */
export function encodeFormatComplaint(fault: string): string {
  return `That answer does not have the required form: ${fault}. Answer again with the corrected JSON object only.`
}
