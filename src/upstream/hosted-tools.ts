import type { ToolStart } from '../core/chat-event.ts'
import { asObject, asString, parseJson, type JsonObject } from '../util/json-fields.ts'

/** The argument of each tool that is worth showing (spec/upstream-chat.md §5.1.5). */
const mainArguments: Readonly<Record<string, readonly string[]>> = {
  web_search: ['query', 'q'],
  x_search: ['query'],
  x_keyword_search: ['query'],
  x_semantic_search: ['query'],
  browse_page: ['url'],
  search_images: ['image_description', 'imageDescription'],
  image_search: ['image_description', 'imageDescription'],
  chatroom_send: ['message'],
}

/** A tool card of either protocol: one object-valued key besides the id names the tool. */
export function parseToolCard(card: JsonObject, id: string): Omit<ToolStart, 'agent'> | undefined {
  for (const [key, value] of Object.entries(card)) {
    const fields = asObject(value)
    if (fields) return toolStart(snakeCase(key), id, asObject(fields['args']) ?? fields)
  }
  return undefined
}

/** The XML form of a card, used only where the structured one is missing. */
export function parseToolXml(xml: string, id: string): Omit<ToolStart, 'agent'> | undefined {
  const name = xmlElement(xml, 'xai:tool_name')
  if (!name) return undefined
  return toolStart(name, id, asObject(parseJson(xmlElement(xml, 'xai:tool_args'))) ?? {})
}

function toolStart(tool: string, id: string, fields: JsonObject): Omit<ToolStart, 'agent'> {
  const argument = (mainArguments[tool] ?? []).map((name) => asString(fields[name])).find(Boolean)
  return { type: 'tool-start', id, tool, ...(argument !== undefined && { argument }) }
}

function xmlElement(xml: string, name: string): string | undefined {
  const content = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(xml)?.[1]
  return content?.replace(/^\s*<!\[CDATA\[([\s\S]*)\]\]>\s*$/, '$1').trim()
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
