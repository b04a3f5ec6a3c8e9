import type { GeneratedSecret } from '../config/generated-secrets.ts'

/** Secrets made up at the first start are shown once, on standard output only: they do not belong in a log. */
export function announceSecrets(generated: readonly GeneratedSecret[]): void {
  for (const { key, value, stored, problem } of generated) {
    console.log(`${key} = ${value}   (made at this first start${stored ? ' and stored' : ''})`)
    if (!stored) console.log(`  it could not be stored and holds for this process only: ${problem ?? ''}`)
  }
}
