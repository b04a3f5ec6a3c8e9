/** Where `x-statsig-id` comes from: an operator's constant, the seed's placeholder, or nowhere (the header is left out). */
export interface StatsigSettings {
  readonly value: string
  readonly placeholder: boolean
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const LETTERS_AND_DIGITS = `${LETTERS}0123456789`

/** The opaque anti-bot header for one request, if any (spec/upstream-chat.md §2.5). We compute nothing from the site. */
export function statsigId(settings: StatsigSettings, random: () => number): string | undefined {
  if (settings.value !== '') return settings.value
  return settings.placeholder ? placeholder(random) : undefined
}

/** What a browser sends whose own evaluator is not ready: the Base64 of one of two error texts. */
function placeholder(random: () => number): string {
  const text =
    random() < 0.5
      ? `x1:TypeError: Cannot read properties of null (reading 'children[\\'${word(LETTERS_AND_DIGITS, 5, random)}\\']')`
      : `x1:TypeError: Cannot read properties of undefined (reading '${word(LETTERS, 10, random)}')`
  return btoa(text)
}

function word(alphabet: string, length: number, random: () => number): string {
  return Array.from({ length }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('')
}
