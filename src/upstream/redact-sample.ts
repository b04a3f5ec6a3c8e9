/** What a sample may grow to: enough to see a shape, too little to be a conversation. */
const MAX_DEPTH = 5
const MAX_KEYS = 30
const MAX_ITEMS = 2
const MAX_NAME_LENGTH = 40
const MAX_SAMPLE_LENGTH = 1_000

/** Fields whose short values name a kind; of all others only the length is kept. */
const kindFields: ReadonlySet<string> = new Set(['type', 'messageTag', 'status', 'current_status', 'event'])
const kindWord = /^[A-Za-z][A-Za-z_.-]{0,39}$/

/** The shape of a value as text: names of fields and types of values, nothing that was said, and no ids or tokens. */
export function redactSample(value: unknown): string {
  const text = JSON.stringify(redact(value, '', 0)) ?? 'nothing'
  return text.length > MAX_SAMPLE_LENGTH ? `${text.slice(0, MAX_SAMPLE_LENGTH)}…` : text
}

function redact(value: unknown, name: string, depth: number): unknown {
  if (typeof value === 'string') {
    return kindFields.has(name) && kindWord.test(value) ? value : `<text of ${value.length}>`
  }
  if (typeof value === 'number') return '<number>'
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '<more>'
  if (Array.isArray(value)) return redactList(value, depth)
  return redactFields(Object.entries(value), depth)
}

function redactList(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, MAX_ITEMS).map((item) => redact(item, '', depth + 1))
  return items.length > MAX_ITEMS ? [...shown, `<${items.length - MAX_ITEMS} more>`] : shown
}

function redactFields(fields: readonly (readonly [string, unknown])[], depth: number): object {
  const shown = fields.slice(0, MAX_KEYS)
  return Object.fromEntries(
    shown.map(([name, value]) => [redactName(name), redact(value, name, depth + 1)] as const),
  )
}

/** A field that is named by an id says no more than that. */
function redactName(name: string): string {
  return name.length > MAX_NAME_LENGTH || /\d{3}|@/.test(name) ? '<id>' : name
}
