import type { ProbedEdge } from '../../upstream/probe-edge.ts'
import { toGatewayError } from '../../core/error.ts'
import { explainFailure, fine, type DoctorCheck } from './finding.ts'

export interface EdgeParts {
  readonly baseUrl: () => string
  /** The setting that a challenge says is wrong: it depends on where the clearance comes from. */
  readonly clearanceSetting: () => string
  /** Asks the upstream without any account, over the usual way out. */
  readonly probe: (signal: AbortSignal) => Promise<ProbedEdge>
}

/** The upstream's edge lets us in: name, connection, certificate, no challenge. */
export function checkEdge({ baseUrl, clearanceSetting, probe }: EdgeParts): DoctorCheck {
  return {
    name: 'edge',
    timeoutSeconds: 20,
    run: async (signal) => {
      const input = `upstream.base_url ${baseUrl()}`
      try {
        const { status } = await probe(signal)
        return fine(`The upstream answers (status ${status} without a login).`, input)
      } catch (thrown) {
        const isChallenged = toGatewayError(thrown).reason === 'challenge'
        return explainFailure(thrown, { input, ...(isChallenged && { setting: clearanceSetting() }) })
      }
    },
  }
}
