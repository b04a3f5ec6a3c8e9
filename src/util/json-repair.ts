/** What stands for a character that JSON strings must not hold as it is. */
const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A JSON string with its quotes (raw control characters allowed), or a comma before a closing bracket. */
const STRING_OR_COMMA = /"(?:[^"\\]|\\[\s\S])*"|,(?=\s*[}\]])/g

/** Wrappings that models put around JSON: a code fence, or a CDATA section. */
const WRAPPINGS = [/^```[\w-]*\s*\n([\s\S]*?)\n?\s*```$/, /^<!\[CDATA\[([\s\S]*)\]\]>$/]

/** Parses JSON; undefined if it is none. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the caller decides what text that is no JSON means
  }
}

/**
 * The text with the faults mended that models make in JSON: a wrapping around it, raw line ends inside strings, commas
 * before a closing bracket. One pass; the result may still be no JSON.
 */
export function repairJson(text: string): string {
  let inner = text.trim()
  for (const wrapping of WRAPPINGS) inner = wrapping.exec(inner)?.[1]?.trim() ?? inner
  return inner.replaceAll(STRING_OR_COMMA, (token) => {
    if (token === ',') return ''
    // oxlint-disable-next-line no-control-regex -- JSON forbids exactly these inside strings
    return token.replaceAll(/[\u0000-\u001F]/g, (character) => escapes[character] ?? encodeControl(character))
  })
}

function encodeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
