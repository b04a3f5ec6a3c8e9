import type { Tier } from '../core/model.ts'
import { readRecord, readToken, type ImportItem } from './import-entry.ts'

/** Between e-mail, password and token in the lines that sellers and tools write. */
const DASHES = '----'

/** Text with one token a line; blank lines and lines that start with `#` are passed over. */
export function readTextLines(content: string, tier: Tier): readonly ImportItem[] {
  return contentLines(content).map(({ line, number }) => {
    const context = { place: `line ${number}`, tier }
    const parts = line.split(DASHES)
    const [email = '', ...rest] = parts
    const token = rest.at(-1)
    const isTriple = token !== undefined && (email.includes('@') || parts.length > 2)
    // the password is of no use here, and is not kept
    return isTriple ? readRecord({ token, email: email.trim() }, context) : readToken(line, context)
  })
}

/** Lines that are neither blank nor comments, with their numbers. */
export function contentLines(content: string): readonly { readonly line: string; readonly number: number }[] {
  return content
    .split(/\r?\n/)
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => !/^\s*(#|$)/.test(line))
}
