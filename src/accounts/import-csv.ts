import type { Tier } from '../core/model.ts'
import { fieldNamed, readRecord, type ImportItem } from './import-entry.ts'
import { contentLines } from './import-text.ts'

const SEPARATORS = [',', ';', '\t'] as const

/** Whether the first line names columns, the token among them. */
export function isCsv(content: string): boolean {
  const [header] = contentLines(content)
  if (!header) return false
  const titles = splitRows(header.line, separatorOf(header.line))[0]?.cells ?? []
  return titles.length > 1 && titles.every((title) => /^[\w\s-]*$/.test(title)) && hasToken(titles)
}

/** A table whose first line names the columns (RFC 4180); `,`, `;` or a tab separates. */
export function readCsv(content: string, tier: Tier): readonly ImportItem[] {
  const [header] = contentLines(content)
  const [first, ...rows] = splitRows(content, separatorOf(header?.line ?? ''))
  const titles = first?.cells ?? []
  if (!hasToken(titles)) return [{ type: 'fault', place: 'file', reason: 'has no column named token' }]
  return rows.map(({ cells, line }) => {
    const values = Object.fromEntries(titles.map((title, index) => [title, cells[index]?.trim() ?? '']))
    return readRecord(values, { place: `line ${line}`, tier })
  })
}

function hasToken(titles: readonly string[]): boolean {
  return titles.some((title) => fieldNamed(title) === 'token')
}

/** The one of the separators that the header has most of. */
function separatorOf(header: string): string {
  const counts = SEPARATORS.map((separator) => ({ separator, count: header.split(separator).length }))
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).separator
}

interface Row {
  readonly cells: readonly string[]
  /** Where it starts. */
  readonly line: number
}

/** The rows of a table; quoted cells may hold separators, line ends, and quotes as two quotes. */
function splitRows(content: string, separator: string): readonly Row[] {
  const rows: Row[] = []
  let cells: string[] = []
  let line = 1
  let startLine = 1
  // a cell, quoted or plain, and what ends it
  const pattern = new RegExp(
    `(?:"([^"]*(?:""[^"]*)*)"|([^${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`,
    'gy',
  )
  while (pattern.lastIndex <= content.length) {
    const match = pattern.exec(content)
    if (!match) break
    const [whole, quoted, plain = '', end = ''] = match
    cells.push(quoted?.replaceAll('""', '"') ?? plain)
    line += whole.split('\n').length - 1
    if (end === separator) continue
    const isContent = cells.some((cell) => cell.trim() !== '') && !cells[0]?.trimStart().startsWith('#')
    if (isContent) rows.push({ cells, line: startLine })
    cells = []
    startLine = line
    if (end === '') break
  }
  return rows
}
