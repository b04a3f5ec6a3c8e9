import type { JsonObject } from '../util/json-fields.ts'

/** What a call of a tool carries: one JSON object that fits a schema, or free text (a "custom" tool). */
export type ToolInput =
  | { readonly type: 'json'; readonly schema: JsonObject; readonly strict: boolean }
  | { readonly type: 'text'; readonly grammar?: string }

/** A tool that the caller runs; the model only asks for it. */
export interface Tool {
  /** Unique in a request; letters, digits, `_` and `-`, at most 64 (spec/upstream-chat.md §9.1). */
  readonly name: string
  readonly description?: string
  readonly input: ToolInput
}

/** Which tools a request offers, and how the model may use them. */
export interface ToolUse {
  readonly tools: readonly Tool[]
  /** `required`: the answer must hold a call. `none`: the model is not even told of the tools. */
  readonly choice: 'auto' | 'required' | 'none'
  /** The tools that may be called; absent: all. */
  readonly allowed?: readonly string[]
  /** False: one call per answer at most. */
  readonly parallel: boolean
}

/** The tools that a model may call under this request. */
export function callableTools({ tools, choice, allowed }: ToolUse): readonly Tool[] {
  if (choice === 'none') return []
  return allowed ? tools.filter(({ name }) => allowed.includes(name)) : tools
}
