import { name, version } from '../../package.json'

/** What this program calls itself. */
export const product = { name, version } as const
