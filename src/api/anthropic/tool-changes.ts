import { z } from 'zod'
import { asString } from '../../util/json-fields.ts'
import { refuse } from '../chat-door.ts'
import { parseWith } from '../parse-with.ts'
import type { BodyBlock, BodyMessage } from './message-schema.ts'

const bodyTool = z.looseObject({ type: z.string().nullish() })

/** A tool's declaration that has not been read yet. */
export type BodyTool = z.output<typeof bodyTool>

const change = z.object({
  tool: z.looseObject({ type: z.string(), name: z.string().nullish(), definition: bodyTool.nullish() }),
})

/** What messages change about the tools of a request. */
export interface ToolChanges {
  readonly added: readonly { readonly tool: BodyTool; readonly path: string }[]
  /** The names of tools that the last change took away. */
  readonly removed: ReadonlySet<string>
}

/** Collects the `tool_addition` and `tool_removal` blocks of a conversation; the last word on a tool counts. */
export function readToolChanges(messages: readonly BodyMessage[]): ToolChanges {
  const added = new Map<string, { tool: BodyTool; path: string }>()
  const removed = new Set<string>()
  for (const { block, path } of messages.flatMap(findChanges)) {
    const { tool } = parseWith(change, block, path)
    if (tool.type.startsWith('mcp_')) throw refuse(`${path}.tool.type`, 'MCP servers are not served')
    const name = tool.name ?? asString(tool.definition?.['name']) ?? ''
    if (block.type === 'tool_removal') removed.add(name)
    else {
      removed.delete(name)
      if (tool.definition) added.set(name, { tool: tool.definition, path: `${path}.tool.definition` })
    }
  }
  return { added: [...added.values()], removed }
}

function findChanges({ content }: BodyMessage, message: number): { block: BodyBlock; path: string }[] {
  if (!Array.isArray(content)) return []
  return content.flatMap((block, index) =>
    block.type === 'tool_addition' || block.type === 'tool_removal'
      ? [{ block, path: `messages.${message}.content.${index}` }]
      : [],
  )
}
