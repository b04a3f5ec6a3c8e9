import { z } from 'zod'
import { reasons } from '../../core/reason.ts'
import { checkNames } from '../../gateway/doctor/finding.ts'
import { isWell, type DoctorFinding, type RunDoctor } from '../../gateway/doctor/run-doctor.ts'
import { sseData } from '../../util/sse.ts'
import { sseResponse } from '../sse-response.ts'
import { findOwnLink, type PublicUrlParts } from './public-url-route.ts'
import { checkPublicUrl } from './public-url.ts'
import { adminRoute, type AdminRoute } from './route.ts'

/** What the doctor's route needs. */
export interface DoctorRouteParts {
  readonly doctor: RunDoctor
}

const findingSchema = z.object({
  check: z.enum(checkNames),
  status: z.enum(['ok', 'warn', 'fail', 'skipped']),
  message: z.string(),
  input: z.string().nullable().meta({ description: 'What was looked at.' }),
  next_step: z.string().nullable(),
  setting: z
    .string()
    .nullable()
    .meta({ description: 'Can be returned to its default, or removed, with POST /config/reset.' }),
  reason: z.enum(reasons).nullable().meta({ description: 'docs/reasons.md.' }),
  elapsed_ms: z.number(),
})

/** A finding as it is answered. */
export type FindingAnswer = z.input<typeof findingSchema>

/** One run of the doctor: as JSON when it is over, or finding by finding. */
export function doctorRoutes(parts: DoctorRouteParts & PublicUrlParts): readonly AdminRoute[] {
  return [
    adminRoute({
      method: 'post',
      path: '/doctor',
      policy: 'admin',
      audit: 'system.doctor',
      // a store that does not answer is one of its findings
      runsWithoutTrail: true,
      summary:
        'Checks everything that a request depends on, one by one. With `Accept: text/event-stream` each finding is told at once, and `done` at the end.',
      input: z.object({
        body: z.object({
          account_id: z.int().min(1).optional().meta({ description: 'Instead of one that serves.' }),
          chat: z
            .boolean()
            .default(true)
            .meta({ description: 'False: no one-word chat, which would spend a query.' }),
        }),
      }),
      answer: z.object({ ok: z.boolean(), findings: z.array(findingSchema) }),
      handler: async ({ body }, { c, signal }) => {
        c.env?.allowSilence?.()
        const leaving = new AbortController()
        const ending = AbortSignal.any([signal, leaving.signal])
        const wish = {
          chat: body.chat,
          ...(body.account_id !== undefined && { accountId: body.account_id }),
          lookAtPublicUrl: (limit: AbortSignal) => lookAtPublicUrl(parts, limit),
        }
        const findings = parts.doctor(wish, ending)
        if (c.req.header('accept')?.includes('text/event-stream'))
          return sseResponse(tellFindings(findings), { onCancel: () => leaving.abort() })
        const found = await Array.fromAsync(findings)
        return { ok: isWell(found), findings: found.map(encodeFinding) }
      },
    }),
  ]
}

/** A finding in the words of the API. */
export function encodeFinding(finding: DoctorFinding): FindingAnswer {
  const { check, status, message, input, nextStep, setting, reason, elapsedMs } = finding
  return {
    check,
    status,
    message,
    input: input ?? null,
    next_step: nextStep ?? null,
    setting: setting ?? null,
    reason: reason ?? null,
    elapsed_ms: elapsedMs,
  }
}

async function* tellFindings(findings: AsyncGenerator<DoctorFinding>): AsyncGenerator<string> {
  const found: DoctorFinding[] = []
  for await (const finding of findings) {
    found.push(finding)
    yield sseData({ type: 'finding', ...encodeFinding(finding) })
  }
  yield sseData({ type: 'done', ok: isWell(found) })
}

async function lookAtPublicUrl({ publicUrl, instanceId, fetch, media }: PublicUrlParts, signal: AbortSignal) {
  const url = publicUrl()
  const fileLink = await findOwnLink(url, media)
  return checkPublicUrl(url, { instanceId, fetch, signal, ...(fileLink !== undefined && { fileLink }) })
}
