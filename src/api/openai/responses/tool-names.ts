import { createHash } from 'node:crypto'

/** What a call of a tool is answered as. */
export type ToolTarget =
  | { readonly type: 'function'; readonly name: string; readonly namespace?: string }
  | { readonly type: 'custom'; readonly name: string; readonly namespace?: string }
  | { readonly type: 'tool-search' }

/** The name under which a client's search for tools is offered to the model. */
export const TOOL_SEARCH = 'tool_search'

const MAX_NAME_LENGTH = 64
const HASH_LENGTH = 8

/**
 * The names under which a request's tools are offered to the model, and how a call by such a name is answered. A
 * namespaced tool is offered as `namespace__name`; what does not fit the form of a name is made to, the same in every turn.
 */
export class ToolNames {
  readonly #targets = new Map<string, ToolTarget>()
  readonly #names = new Map<string, string>()

  /** Takes a tool in and gives its name for the model; undefined if it is in already. */
  add(target: ToolTarget): string | undefined {
    const key = keyOf(target)
    if (this.#names.has(key)) return undefined
    const wished = promptName(target)
    const name = this.#targets.has(wished) ? withHash(wished, key) : wished
    this.#targets.set(name, target)
    this.#names.set(key, name)
    return name
  }

  /** The name of a tool for the model, also of one that is no longer offered. */
  nameOf(target: ToolTarget): string {
    return this.#names.get(keyOf(target)) ?? promptName(target)
  }

  /** The name of an offered tool; undefined if there is none. */
  find(target: ToolTarget): string | undefined {
    return this.#names.get(keyOf(target))
  }

  /** How a call by this name is answered. */
  targetOf(name: string): ToolTarget {
    return this.#targets.get(name) ?? { type: 'function', name }
  }
}

/** Functions and custom tools share their names, as in the official API. */
function keyOf(target: ToolTarget): string {
  return target.type === 'tool-search' ? '' : JSON.stringify([target.namespace ?? '', target.name])
}

function promptName(target: ToolTarget): string {
  if (target.type === 'tool-search') return TOOL_SEARCH
  const { namespace, name } = target
  const whole = namespace === undefined ? name : `${namespace}__${name}`
  const clean = whole.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  return clean === whole && clean.length <= MAX_NAME_LENGTH ? clean : withHash(clean, whole)
}

function withHash(name: string, seed: string): string {
  const hash = createHash('sha256').update(seed).digest('hex').slice(0, HASH_LENGTH)
  return `${name.slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1)}_${hash}`
}
