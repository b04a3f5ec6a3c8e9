import type { ProbedEdge } from '../../upstream/probe-edge.ts'
import { toGatewayError } from '../../core/error.ts'
import type { SettingFor } from './choose-setting.ts'
import { explainFailure, fine, type DoctorCheck } from './finding.ts'

export interface EdgeParts {
  readonly baseUrl: () => string
  readonly settingFor: SettingFor
  /** Whether requests wait for FlareSolverr. */
  readonly usesSolver: () => boolean
  /** Asks the upstream without any account, over the usual way out. */
  readonly probe: (signal: AbortSignal) => Promise<ProbedEdge>
}

/** The upstream's edge lets us in: name, connection, certificate, no challenge. */
export function checkEdge({ baseUrl, settingFor, usesSolver, probe }: EdgeParts): DoctorCheck {
  const nameInput = (): string => `upstream.base_url ${withoutUser(baseUrl())}`
  return {
    name: 'edge',
    timeoutSeconds: 20,
    subject: () => ({
      input: nameInput(),
      ...(usesSolver() && { nextStep: 'Requests wait for FlareSolverr: mend what its check says first.' }),
    }),
    run: async (signal) => {
      const input = nameInput()
      try {
        const { status } = await probe(signal)
        return fine(`The upstream answers (status ${status} without a login).`, input)
      } catch (thrown) {
        return explainFailure(thrown, { input, setting: settingFor('edge', toGatewayError(thrown).reason) })
      }
    },
  }
}

/** An address may carry a user and a password for something in front of the upstream. */
function withoutUser(address: string): string {
  const url = URL.parse(address)
  if (!url || (url.username === '' && url.password === '')) return address
  url.username = ''
  url.password = ''
  return url.href
}
