import type { ProbedEdge } from '../../upstream/probe-edge.ts'
import { unlessAborted } from '../../util/unless-aborted.ts'
import { fine, skipped, type DoctorCheck, type Finding } from './finding.ts'

/** A difference from which sessions and reset times begin to be wrong, and one from which certificates are. */
const NOTABLE_SECONDS = 60
const GRAVE_SECONDS = 600

/** How long somebody's time is waited for: less than the check may take, so that silence is not held against the clock. */
const WAIT_SECONDS = 13

/** The clock, against the one in the upstream's answer. */
export function checkClock(
  clock: () => number,
  probe: (signal: AbortSignal) => Promise<ProbedEdge>,
  waitSeconds = WAIT_SECONDS,
): DoctorCheck {
  return {
    name: 'clock',
    timeoutSeconds: 15,
    run: async (signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(waitSeconds * 1000)])
      const { answeredAt } = await unlessAborted(probe(limit), limit).catch(() => ({ answeredAt: undefined }))
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
