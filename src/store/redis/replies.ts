import { z } from 'zod'

/** Texts and whole numbers, as scripts give them. */
const flat = z.array(z.union([z.string(), z.number()]).transform(String))
const number = z.coerce.number()

/** A reply that is a flat list; numbers in it become texts. */
export function parseList(reply: unknown): readonly string[] {
  return flat.parse(reply)
}

/** A reply that is a flat list of groups of so many texts. */
export function parseGroups(reply: unknown, size: number): readonly (readonly string[])[] {
  const list = parseList(reply)
  return Array.from({ length: list.length / size }, (_, n) => list.slice(n * size, (n + 1) * size))
}

/** A reply that lists the fields of a hash, each with its value; empty if there is no such key. */
export function parseFields(reply: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(parseGroups(reply, 2))
}

/** A reply that is a number, perhaps as text. */
export function parseNumber(reply: unknown): number {
  return number.parse(reply)
}
