import { fine, skipped, type DoctorCheck } from './finding.ts'

/** What a look at the public address has shown; `notRunning`: there is no gateway to lead to. */
export interface PublicUrlLook {
  readonly problem: string | null
  readonly message: string
  readonly notRunning?: boolean
}

const nextSteps: Readonly<Record<string, string>> = {
  not_set:
    'Set it to the address under which clients reach this gateway, or leave it: links are then relative.',
  not_this_gateway: 'Let the proxy in front pass on everything, or correct the address.',
  files_not_served: 'Let the proxy in front pass on /v1/files as it is.',
}

/** The public address leads here, and to kept files. */
export function checkPublicAddress(look: (signal: AbortSignal) => Promise<PublicUrlLook>): DoctorCheck {
  return {
    name: 'public-url',
    timeoutSeconds: 15,
    subject: () => ({ input: 'app.app_url', setting: 'app.app_url' }),
    run: async (signal) => {
      const { problem, message, notRunning } = await look(signal)
      if (notRunning === true) return skipped(message)
      if (problem === null) return fine(message, 'app.app_url')
      return {
        status: problem === 'not_set' ? 'warn' : 'fail',
        message,
        input: 'app.app_url',
        nextStep: nextSteps[problem] ?? 'Correct the address, or what stands in front of the gateway.',
        setting: 'app.app_url',
      }
    },
  }
}
