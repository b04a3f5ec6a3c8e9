import type { CheckName, DoctorCheck, Finding } from './finding.ts'
import { explainFailure } from './finding.ts'
import type { PublicUrlLook } from './public-url.ts'

/** A finding, and which check it is of. */
export interface DoctorFinding extends Finding {
  readonly check: CheckName
  readonly elapsedMs: number
}

/** What is wanted of one run. */
export interface DoctorWish {
  /** Instead of one that serves. */
  readonly accountId?: number
  /** Whether a one-word chat may spend a query. */
  readonly chat: boolean
  /** Only who asks knows how the public address is looked at. */
  readonly lookAtPublicUrl: (signal: AbortSignal) => Promise<PublicUrlLook>
}

/** Looks at everything, and tells each finding as soon as it is there. */
export type RunDoctor = (wish: DoctorWish, signal: AbortSignal) => AsyncGenerator<DoctorFinding>

/** Does the checks one after another and tells each finding as soon as it is there; ends early with the signal. */
export async function* runDoctor(
  checks: readonly DoctorCheck[],
  signal: AbortSignal,
): AsyncGenerator<DoctorFinding> {
  for (const check of checks) {
    if (signal.aborted) return
    const startedAt = performance.now()
    const findings = await runCheck(check, signal)
    const elapsedMs = Math.round(performance.now() - startedAt)
    for (const finding of findings) yield { check: check.name, elapsedMs, ...finding }
  }
}

/** Whether nothing has failed; warnings leave the gateway able to serve. */
export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== 'fail')
}

/** Never throws, and never takes longer than it may, whether the check listens to its signal or not. */
async function runCheck(check: DoctorCheck, client: AbortSignal): Promise<readonly Finding[]> {
  const timeout = AbortSignal.timeout(check.timeoutSeconds * 1000)
  const signal = AbortSignal.any([client, timeout])
  const late = Promise.withResolvers<Finding>()
  const giveUp = (): void => late.resolve(tooLate(check))
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const found = await Promise.race([check.run(signal), late.promise])
    return 'status' in found ? [found] : found
  } catch (thrown) {
    return [timeout.aborted ? tooLate(check) : explainFailure(thrown, check.subject?.())]
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function tooLate({ timeoutSeconds, subject }: DoctorCheck): Finding {
  return {
    status: 'fail',
    message: `This did not end within ${timeoutSeconds} seconds.`,
    nextStep: 'Look whether what it asks is overloaded, or swallows connections without an answer.',
    ...subject?.(),
  }
}
