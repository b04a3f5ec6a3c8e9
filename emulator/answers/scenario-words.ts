/** The words `[[name]]` and `[[name:argument]]` of a prompt, argument by name; a word that is repeated counts once, the first time. */
export type ScenarioWords = ReadonlyMap<string, string>

// The argument ends at the first `]]` that is not followed by a third bracket, so that JSON arrays may close before it.
const WORD = /\[\[([A-Za-z][A-Za-z0-9-]*)(?::([\s\S]*?))?\]\](?!\])/g

/** Finds the scenario words of a text; the caller ignores those it does not know. */
export function parseScenarioWords(text: string): ScenarioWords {
  const words = new Map<string, string>()
  if (!text.includes('[[')) return words
  for (const match of text.matchAll(WORD)) {
    const name = (match[1] ?? '').toLowerCase()
    if (!words.has(name)) words.set(name, match[2] ?? '')
  }
  return words
}

/** The argument of `[[seconds:N]]`, also a fraction, or the usual time. */
export function secondsArgument(words: ScenarioWords, usual: number): number {
  const seconds = Number.parseFloat(words.get('seconds') ?? '')
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : usual
}

/** The text without its scenario words. */
export function withoutScenarioWords(text: string): string {
  return text.replaceAll(WORD, '').trim()
}

/** The argument as a whole number within bounds, or null when the word is absent or its argument is no number. */
export function numberArgument(words: ScenarioWords, name: string, maximum: number): number | null {
  const argument = words.get(name)
  if (argument === undefined || !/^\d+$/.test(argument)) return null
  return Math.min(Number(argument), maximum)
}
