import type { ContentPart, FilePart, FileSource, PastToolCall, ToolMessage } from '../../core/chat-request.ts'
import { asObjects, asObject, asString } from '../../util/json-fields.ts'
import { refuse } from '../chat-door.ts'
import { parseWith } from '../parse-with.ts'
import * as schemas from './block-schemas.ts'
import type { BodyBlock, BodyContent } from './message-schema.ts'

/** What a block of a message says, in our words. */
export type BlockMeaning =
  | { readonly type: 'parts'; readonly parts: readonly ContentPart[] }
  | { readonly type: 'tool-call'; readonly call: PastToolCall }
  | { readonly type: 'tool-result'; readonly message: ToolMessage }

type ParseBlock = (block: BodyBlock, path: string) => BlockMeaning

/** Pages of an earlier search that are told of. */
const MAX_TOLD_RESULTS = 10

/**
 * Thinking that a client gives back is accepted and goes no further: the upstream takes only text, and would read its
 * own thinking as a part of its answers. The other types mean nothing here: all tools are offered from the beginning.
 */
const silent: ParseBlock = () => parts()

const told: ParseBlock = ({ type, ...block }) => text(`(${type}: ${JSON.stringify(block)})`)

const parsers: Readonly<Record<string, ParseBlock>> = {
  text: (block, path) => text(parseWith(schemas.textBlock, block, path).text),
  image: parseImage,
  document: parseDocument,
  search_result: parseSearchResult,
  tool_use: parseToolUse,
  tool_result: parseToolResult,
  thinking: silent,
  redacted_thinking: silent,
  server_tool_use: parseServerToolUse,
  web_search_tool_result: parseWebSearchResult,
  compaction: parseCompaction,
  tool_reference: (block, path) =>
    text(`The tool ${parseWith(schemas.toolReferenceBlock, block, path).tool_name} is available.`),
  tool_search_tool_result: silent,
  tool_addition: silent,
  tool_removal: silent,
  fallback: silent,
  mcp_tool_listing: silent,
  mcp_tool_use: told,
  mcp_tool_result: told,
  web_fetch_tool_result: told,
  code_execution_tool_result: told,
  bash_code_execution_tool_result: told,
  text_editor_code_execution_tool_result: told,
  advisor_tool_result: told,
  browser_state: told,
}

/** Reads one block; a type that is not known is refused by name. */
export function parseBlock(block: BodyBlock, path: string): BlockMeaning {
  const parse = Object.hasOwn(parsers, block.type) ? parsers[block.type] : undefined
  if (!parse) throw refuse(`${path}.type`, `content blocks of type '${block.type}' are not served`)
  return parse(block, path)
}

/** Content that holds only text and files, such as a tool's result. */
export function parseParts(content: BodyContent | null | undefined, path: string): readonly ContentPart[] {
  if (typeof content === 'string') return textParts(content)
  return (content ?? []).flatMap((block, index) => {
    const at = `${path}.${index}`
    const meaning = parseBlock(block, at)
    if (meaning.type !== 'parts') throw refuse(`${at}.type`, `'${block.type}' cannot stand here`)
    return meaning.parts
  })
}

function parseImage(block: BodyBlock, path: string): BlockMeaning {
  const { source } = parseWith(schemas.imageBlock, block, path)
  return parts(filePart(source, { path }))
}

interface FilePlace {
  readonly path: string
  readonly name?: string | null | undefined
}

function filePart(
  source:
    | { type: 'base64'; data: string; media_type?: string | null | undefined }
    | { type: 'url'; url: string }
    | { type: 'file' },
  { path, name }: FilePlace,
): FilePart {
  const param = `${path}.source`
  if (source.type === 'file') throw refuse(param, 'files by id are not served; send base64 or a url')
  return { type: 'file', source: fileSource(source), param, ...(name && { name }) }
}

function fileSource(
  source:
    | { type: 'base64'; data: string; media_type?: string | null | undefined }
    | { type: 'url'; url: string },
): FileSource {
  if (source.type === 'url') return source
  const { data, media_type: mediaType } = source
  return { type: 'base64', data, ...(mediaType && { mediaType }) }
}

function parseDocument(block: BodyBlock, path: string): BlockMeaning {
  const { source, title, context } = parseWith(schemas.documentBlock, block, path)
  const head = [title && `Document: ${title}`, context && `Context: ${context}`].filter(Boolean).join('\n')
  if (source.type === 'text') return parts(...textParts(head), ...textParts(source.data))
  if (source.type === 'content') {
    return parts(...textParts(head), ...parseParts(source.content, `${path}.source.content`))
  }
  return parts(...textParts(context ? head : ''), filePart(source, { path, name: title }))
}

function parseSearchResult(block: BodyBlock, path: string): BlockMeaning {
  const { source, title, content } = parseWith(schemas.searchResultBlock, block, path)
  const body = content.map((piece) => piece.text).join('\n')
  return text(`Search result: ${title}\nSource: ${source}\n\n${body}`)
}

function parseToolUse(block: BodyBlock, path: string): BlockMeaning {
  const { id, name, input } = parseWith(schemas.toolUseBlock, block, path)
  return { type: 'tool-call', call: { id, name, input: JSON.stringify(input ?? {}) } }
}

function parseToolResult(block: BodyBlock, path: string): BlockMeaning {
  const { tool_use_id: callId, content, is_error: isError } = parseWith(schemas.toolResultBlock, block, path)
  const message: ToolMessage = {
    role: 'tool',
    callId,
    content: parseParts(content, `${path}.content`),
    ...(isError && { isError }),
  }
  return { type: 'tool-result', message }
}

function parseServerToolUse(block: BodyBlock, path: string): BlockMeaning {
  const { name, input } = parseWith(schemas.webSearchUseBlock, block, path)
  const query = asString(asObject(input)?.['query'])
  return text(query === undefined ? `(${name}: ${JSON.stringify(input ?? {})})` : `(${name}: "${query}")`)
}

function parseWebSearchResult(block: BodyBlock, path: string): BlockMeaning {
  const { content } = parseWith(schemas.webSearchResultBlock, block, path)
  const found = asObjects(content).flatMap(({ url, title }) => {
    return typeof url === 'string' ? [`- ${asString(title) ?? url} (${url})`] : []
  })
  const list = found.slice(0, MAX_TOLD_RESULTS).join('\n')
  return text(list === '' ? '(The search found nothing.)' : `(The search found:\n${list})`)
}

/** An earlier server's summary of the conversation; one that only that server can read is of no use. */
function parseCompaction(block: BodyBlock, path: string): BlockMeaning {
  const { content } = parseWith(schemas.compactionBlock, block, path)
  if (!content) throw refuse(`${path}.content`, 'a compaction without its text cannot be read')
  return text(content)
}

function parts(...all: readonly ContentPart[]): BlockMeaning {
  return { type: 'parts', parts: all }
}

function text(value: string): BlockMeaning {
  return parts(...textParts(value))
}

function textParts(value: string): readonly ContentPart[] {
  return value === '' ? [] : [{ type: 'text', text: value }]
}
