/** The mode strings of the service, spec/upstream-chat.md §3.3; quota windows are counted per mode. */
export const MODES = ['auto', 'fast', 'expert', 'heavy', 'grok-420-computer-use-sa'] as const

/** One of the service's modes. */
export type Mode = (typeof MODES)[number]

/** True for a mode string that the service knows, spec/upstream-chat.md §3.3. */
export function isMode(value: unknown): value is Mode {
  return MODES.some((mode) => mode === value)
}
