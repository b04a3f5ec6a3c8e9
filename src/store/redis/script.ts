import { createHash } from 'node:crypto'

/** A Lua script: the server runs each as one step that nobody sees half done. */
export interface RedisScript {
  readonly text: string
  /** By what the server knows it once it has seen it. */
  readonly sha: string
}

/** What every script begins with: the prefix of our keys, the parts of the arguments, and the counters. */
const prelude = `
local prefix = KEYS[1]
local call = redis.call
local function key(name, id) return id and (prefix .. name .. ':' .. id) or (prefix .. name) end
local function whole(number) return string.format('%d', number) end
local function take(counter) return whole(call('HINCRBY', key('counters'), counter, 1)) end
`

/** A script over our keys; it gets the prefix as its only key and everything else as arguments. */
export function defineScript(body: string): RedisScript {
  const text = `${prelude}${body}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
