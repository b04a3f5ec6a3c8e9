import type { DriftCount } from '../../upstream/drift.ts'
import { reasonRules } from '../../core/reason.ts'
import { fine, type DoctorCheck } from './finding.ts'

/** Kinds that are named. */
const MAX_NAMED = 10

/** Whether the upstream has sent this process anything that it does not know. */
export function checkDrift(counts: () => readonly DriftCount[]): DoctorCheck {
  return {
    name: 'drift',
    timeoutSeconds: 5,
    run: async () => {
      const found = counts()
      if (found.length === 0) return fine('Everything that the upstream sent to this process was known.')
      const named = found.slice(0, MAX_NAMED).map(({ kind, count }) => `${kind} (${count})`)
      const { sentence, nextStep, settings } = reasonRules['protocol-drift']
      return {
        status: 'warn',
        message: `${sentence} What was met: ${named.join(', ')}.`,
        input: 'frames since the start of this process',
        nextStep,
        setting: settings[0],
        reason: 'protocol-drift',
      }
    },
  }
}
