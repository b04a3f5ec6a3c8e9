import { z } from 'zod'
import { GatewayError } from '../../core/error.ts'
import type { SettingsRevision } from '../../store/contract.ts'
import { nameActor } from './actor.ts'
import { pageQuery } from './audit-routes.ts'
import { changeConfig, type ConfigChangeParts } from './config-change.ts'
import { changedKeys, planRollback } from './config-rollback.ts'
import { changedSchema, encodeChanged } from './config-routes.ts'
import { adminRoute, type AdminRoute } from './route.ts'
import { maskDocument } from './setting-values.ts'

const revisionSchema = z.object({
  id: z.number(),
  at: z.number().meta({ description: 'Epoch ms.' }),
  actor: z
    .string()
    .meta({ description: 'As in the audit trail; `outside` for a version that was not saved here.' }),
  values: z
    .record(z.string(), z.unknown())
    .meta({ description: 'What was stored, nested; secrets are masked.' }),
  changed: z.array(z.string()).meta({ description: 'The settings that differ from the version before.' }),
})

/** Earlier versions of the settings. */
export function configHistoryRoutes(parts: ConfigChangeParts): readonly AdminRoute[] {
  return [historyRoute(parts), rollbackRoute(parts)]
}

function historyRoute({ settingsHistory }: ConfigChangeParts): AdminRoute {
  return adminRoute({
    method: 'get',
    path: '/config/history',
    policy: 'admin',
    audit: 'none',
    summary: 'Earlier versions of the stored settings, newest first.',
    input: z.object({ query: z.object(pageQuery) }),
    answer: z.object({
      revisions: z.array(revisionSchema),
      next_before_id: z.number().nullable().meta({ description: 'For the next page; null at the end.' }),
    }),
    handler: async ({ query: { limit, before_id: beforeId } }) => {
      const found = await settingsHistory.list({
        limit: limit + 1,
        ...(beforeId !== undefined && { beforeId }),
      })
      const shown = found.slice(0, limit)
      return {
        revisions: shown.map((revision, index) => encodeRevision(revision, found[index + 1])),
        next_before_id: found.length > limit ? (shown.at(-1)?.id ?? null) : null,
      }
    },
  })
}

function rollbackRoute(parts: ConfigChangeParts): AdminRoute {
  const { settings, settingsHistory } = parts
  return adminRoute({
    method: 'post',
    path: '/config/rollback',
    policy: 'admin',
    audit: 'config.rollback',
    summary: 'Brings an earlier version of the stored settings back, secrets included, as a new version.',
    input: z.object({ body: z.object({ id: z.int().min(1) }) }),
    answer: changedSchema.extend({
      changed: z.array(z.string()),
      skipped: z.array(z.object({ key: z.string(), message: z.string() })),
    }),
    handler: async ({ body: { id } }, call) => {
      call.note({ id })
      const revision = await settingsHistory.find(id)
      if (!revision) throw new GatewayError('not_found', `There is no version ${id} of the settings.`)
      const isLocked = (key: string): boolean => settings.origin(key) === 'environment'
      const plan = planRollback(settings.stored, revision.values, isLocked)
      const changed = [...Object.keys(plan.patch), ...plan.reset]
      call.note({ keys: changed })
      const expectedVersion = settings.version
      const { loginRequired } = await changeConfig(parts, nameActor(call.actor), () =>
        settings.save(plan.patch, { reset: plan.reset, expectedVersion }),
      )
      const answer = encodeChanged(parts, `The settings of version ${id} are back.`, loginRequired)
      return { ...answer, changed, skipped: [...plan.skipped] }
    },
  })
}

function encodeRevision(
  { id, at, actor, values }: SettingsRevision,
  before: SettingsRevision | undefined,
): z.input<typeof revisionSchema> {
  const changed = [...changedKeys(before?.values ?? {}, values)]
  return { id, at, actor, values: maskDocument(values), changed }
}
