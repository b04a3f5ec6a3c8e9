/** What every masked secret begins with. */
export const MASK = '••••'

/** Characters of a secret that are shown, so that an operator can tell two of them apart. */
const SHOWN_LENGTH = 4
/** Shorter secrets are not shown at all: four characters of them would be too many. */
const MIN_LENGTH_TO_SHOW = 16

/** A secret as it may be shown: empty stays empty, and a list keeps its length. */
export function maskSecret(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskSecret)
  if (typeof value !== 'string') return MASK
  if (value === '') return ''
  return value.length < MIN_LENGTH_TO_SHOW ? MASK : MASK + value.slice(-SHOWN_LENGTH)
}
