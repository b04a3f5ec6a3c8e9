import type { ProbedEdge } from '../../upstream/probe-edge.ts'
import { fine, skipped, type DoctorCheck, type Finding } from './finding.ts'

/** A difference from which sessions and reset times begin to be wrong, and one from which certificates are. */
const NOTABLE_SECONDS = 60
const GRAVE_SECONDS = 600

/** The clock, against the one in the upstream's answer. */
export function checkClock(
  clock: () => number,
  probe: (signal: AbortSignal) => Promise<ProbedEdge>,
): DoctorCheck {
  return {
    name: 'clock',
    timeoutSeconds: 15,
    run: async (signal) => {
      const { answeredAt } = await probe(signal).catch(() => ({ answeredAt: undefined }))
      if (answeredAt === undefined)
        return skipped('Nobody told the time to compare with: see the check of the edge.')
      return judge(Math.round((clock() - answeredAt) / 1000))
    },
  }
}

function judge(aheadSeconds: number): Finding {
  const seconds = Math.abs(aheadSeconds)
  if (seconds < NOTABLE_SECONDS) return fine(`The clock is right within ${NOTABLE_SECONDS} seconds.`)
  return {
    status: seconds < GRAVE_SECONDS ? 'warn' : 'fail',
    message: `The clock of this machine is ${seconds} seconds ${aheadSeconds > 0 ? 'ahead' : 'behind'}.`,
    input: 'system clock',
    nextStep: 'Let it be set by a time server (for example: timedatectl set-ntp true).',
  }
}
