import { z } from 'zod'
import type { Tool } from '../../../core/tools.ts'
import type { JsonObject } from '../../../util/json-fields.ts'
import { refuse } from '../../chat-door.ts'
import { parseAt } from './parse-at.ts'
import { looseObject } from './schema-body.ts'
import { ToolNames, type ToolTarget } from './tool-names.ts'

const MAX_NAME = 256
const name = z.string({ error: 'must be a name' }).min(1, 'must be a name').max(MAX_NAME)

const functionTool = z.object({
  name,
  description: z.string().nullish(),
  parameters: looseObject.nullish(),
  strict: z.boolean().nullish(),
})

const customTool = z.object({
  name,
  description: z.string().nullish(),
  format: z
    .discriminatedUnion(
      'type',
      [
        z.object({ type: z.literal('text') }),
        z.object({
          type: z.literal('grammar'),
          syntax: z.enum(['lark', 'regex'], { error: "must be 'lark' or 'regex'" }),
          definition: z.string({ error: 'must be a string' }),
        }),
      ],
      { error: "must be of type 'text' or 'grammar'" },
    )
    .nullish(),
})

const namespaceTool = z.object({
  name,
  description: z.string().nullish(),
  tools: z.array(looseObject, { error: 'must be an array of tools' }),
})

const toolSearch = z.object({
  execution: z.enum(['client', 'server']).nullish(),
  description: z.string().nullish(),
  parameters: looseObject.nullish(),
})

const noParameters: JsonObject = { type: 'object', properties: {} }
const searchParameters: JsonObject = {
  type: 'object',
  properties: { query: { type: 'string' } },
  required: ['query'],
}

/** Search tools that the service has itself; it decides when to use them. */
export const searchTools = /^(?:web_search|web_search_preview|x_search)(?:_\d{4}_\d{2}_\d{2})?$/

/** Where a function or custom tool is declared, and in which namespace. */
interface CallablePlace {
  readonly path: string
  readonly again: 'refuse' | 'skip'
  readonly namespace?: string
  /** What is said of the namespace as a whole. */
  readonly about?: string
}

/** Tools in the order they are offered, gathered from a request and from the items of its conversation. */
export class ToolList {
  readonly tools: Tool[] = []
  readonly names = new ToolNames()
  hostedSearch = false

  /** Takes in declared tools. `again`: one that is in already stays as it is, instead of being refused. */
  add(declared: readonly unknown[], path: string, again: 'refuse' | 'skip'): void {
    for (const [index, tool] of declared.entries()) this.#addTool(tool, `${path}.${index}`, again)
  }

  #addTool(declared: unknown, path: string, again: 'refuse' | 'skip'): void {
    const tool = parseAt(looseObject, declared, path)
    const { type } = tool
    if (type === 'namespace') return this.#addNamespace(tool, path, again)
    if (type === 'tool_search') return this.#addToolSearch(tool, path)
    if (typeof type === 'string' && searchTools.test(type)) {
      this.hostedSearch = true
      return
    }
    this.#addCallable(tool, { path, again })
  }

  #addNamespace(declared: JsonObject, path: string, again: 'refuse' | 'skip'): void {
    const { name: namespace, description, tools } = parseAt(namespaceTool, declared, path)
    for (const [index, inner] of tools.entries()) {
      // said once, with the first of its tools: the model knows no namespaces
      const about = description && index === 0 ? `About all ${namespace} tools: ${description}` : ''
      this.#addCallable(inner, { path: `${path}.tools.${index}`, again, namespace, about })
    }
  }

  /** A search that the service would run itself is not needed: every tool is offered from the start. */
  #addToolSearch(declared: JsonObject, path: string): void {
    const { execution, description, parameters } = parseAt(toolSearch, declared, path)
    if (execution !== 'client') return
    const name = this.names.add({ type: 'tool-search' })
    if (name === undefined) return
    this.tools.push({
      name,
      description: description ?? 'Searches for further tools by what they do.',
      input: { type: 'json', schema: parameters ?? searchParameters, strict: false },
    })
  }

  #addCallable(declared: JsonObject, { path, again, namespace, about = '' }: CallablePlace): void {
    const { description: own, input, type, name: ownName } = parseCallable(declared, path)
    const target: ToolTarget = { type, name: ownName, ...(namespace !== undefined && { namespace }) }
    const name = this.names.add(target)
    const description = [own ?? '', about].filter((text) => text !== '').join('\n')
    if (name !== undefined) this.tools.push({ name, ...(description && { description }), input })
    else if (again === 'refuse') throw refuse(`${path}.name`, `there are two tools named '${ownName}'`)
  }
}

function parseCallable(declared: JsonObject, path: string) {
  if (declared['type'] === 'function') {
    const { name, description, parameters, strict } = parseAt(functionTool, declared, path)
    const input = { type: 'json', schema: parameters ?? noParameters, strict: strict ?? false } as const
    return { type: 'function', name, description, input } as const
  }
  if (declared['type'] === 'custom') {
    const { name, description, format } = parseAt(customTool, declared, path)
    const grammar = format?.type === 'grammar' ? { grammar: format.definition } : {}
    return { type: 'custom', name, description, input: { type: 'text', ...grammar } } as const
  }
  const type = typeof declared['type'] === 'string' ? `'${declared['type']}'` : 'no type'
  throw refuse(`${path}.type`, `tools of type ${type} are not served`)
}
