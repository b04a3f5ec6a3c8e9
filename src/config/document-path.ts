import { isTable } from './raw-layers.ts'

type Table = Readonly<Record<string, unknown>>

/** A copy of a nested document with one dotted key set; everything else, known or not, stays as it is. */
export function setAtKey(document: Table, key: string, value: unknown): Table {
  return setAtPath(document, key.split('.'), value)
}

/** The value of one dotted key in a nested document; undefined if there is none. */
export function getAtKey(document: Table, key: string): unknown {
  let value: unknown = document
  for (const name of key.split('.')) value = isTable(value) ? value[name] : undefined
  return value
}

/** A copy of a nested document without one dotted key. */
export function removeAtKey(document: Table, key: string): Table {
  return removeAtPath(document, key.split('.'))
}

/** Nests a flat list of dotted keys. */
export function nestKeys(values: ReadonlyMap<string, unknown>): Table {
  let nested: Table = {}
  for (const [key, value] of values) nested = setAtKey(nested, key, value)
  return nested
}

function setAtPath(table: Table, [name, ...rest]: readonly string[], value: unknown): Table {
  if (name === undefined) return table
  return { ...table, [name]: rest.length === 0 ? value : setAtPath(memberTable(table, name), rest, value) }
}

function removeAtPath(table: Table, [name, ...rest]: readonly string[]): Table {
  if (name === undefined || !Object.hasOwn(table, name)) return table
  if (rest.length > 0) return { ...table, [name]: removeAtPath(memberTable(table, name), rest) }
  return Object.fromEntries(Object.entries(table).filter(([other]) => other !== name))
}

function memberTable(table: Table, name: string): Table {
  const member = Object.hasOwn(table, name) ? table[name] : undefined
  return isTable(member) ? member : {}
}
