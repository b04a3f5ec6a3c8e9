import type { ScenarioWords } from '../answers/scenario-words.ts'
import { mediaEffects, type MediaFault } from '../state/faults.ts'

/** The faults of pictures and clips that a prompt asks for: `[[moderated]]`, `[[moderated:1,3]]`, `[[fewer:2]]`, and so on. */
export function mediaFaultsFromWords(words: ScenarioWords): readonly MediaFault[] {
  return [...words].flatMap(([word, argument]): readonly MediaFault[] => {
    if (word === 'moderated-second') return [{ type: 'media', effect: 'moderated', slots: [1] }]
    const effect = mediaEffects.find((known) => known === word)
    if (effect === undefined) return []
    const numbers = argument.match(/\d+/g)?.map(Number) ?? []
    switch (effect) {
      case 'moderated':
        return [{ type: 'media', effect, ...(numbers.length === 0 ? {} : { slots: slotsFrom(numbers) }) }]
      case 'error-frame':
        return [{ type: 'media', effect, ...(argument === '' ? {} : { code: argument.trim() }) }]
      default:
        return [{ type: 'media', effect, ...(numbers[0] === undefined ? {} : { count: numbers[0] }) }]
    }
  })
}

// People count pictures from 1.
function slotsFrom(numbers: readonly number[]): number[] {
  return numbers.map((number) => number - 1)
}
