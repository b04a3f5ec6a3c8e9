import { z } from 'zod'
import { definitionsByKey } from '../../config/definitions.ts'
import { nameActor } from './actor.ts'
import { AdminError } from './admin-error.ts'
import { changeConfig, checkPatch, type ConfigChangeParts } from './config-change.ts'
import { resolveMasks } from './masked-patch.ts'
import { adminRoute, done, doneSchema, type AdminRoute } from './route.ts'
import { getAtKey } from '../../config/document-path.ts'
import { selectionStrategy } from './system-routes.ts'

const MAX_KEYS = 500
const MAX_KEY_LENGTH = 200

/** The name of one setting. */
const keySchema = z.string().min(1).max(MAX_KEY_LENGTH)

/** What a change of the settings answers. */
export const changedSchema = doneSchema.extend({
  message: z.string(),
  selection_strategy: z.enum(['quota', 'random']),
  version: z.string().meta({ description: 'Of the stored settings; send it with the next save.' }),
  login_required: z
    .boolean()
    .meta({ description: 'The admin password was changed, which ends every session.' }),
})

const patchSchema = z
  .looseObject({ version: z.string().optional() })
  .meta({ description: 'Settings, nested or with dotted keys; `version` refuses a save over a newer one.' })

/** Changing the settings, and looking at one secret. */
export function configRoutes(parts: ConfigChangeParts): readonly AdminRoute[] {
  return [saveRoute(parts), resetRoute(parts), revealRoute(parts)]
}

/** The answer of a change that was made. */
export function encodeChanged(
  { settings }: Pick<ConfigChangeParts, 'settings'>,
  message: string,
  loginRequired: boolean,
): z.input<typeof changedSchema> {
  return {
    ...done,
    message,
    selection_strategy: selectionStrategy(settings),
    version: settings.version,
    login_required: loginRequired,
  }
}

function saveRoute(parts: ConfigChangeParts): AdminRoute {
  const { settings } = parts
  return adminRoute({
    method: 'post',
    path: '/config',
    policy: 'admin',
    audit: 'config.save',
    summary: 'Saves settings and puts them in force; a masked secret that is sent back stays as it is.',
    input: z.object({ body: patchSchema }),
    answer: changedSchema,
    handler: async ({ body: { version: expectedVersion, ...given } }, call) => {
      const { patch, faults, keys } = resolveMasks(given, {
        read: (key) => getAtKey(settings.current, key),
        isLocked: (key) => settings.origin(key) === 'environment',
      })
      call.note({ keys: keys.filter((key) => definitionsByKey.has(key)) })
      checkPatch(settings, patch, faults)
      const options = expectedVersion === undefined ? {} : { expectedVersion }
      const { loginRequired } = await changeConfig(parts, nameActor(call.actor), () =>
        settings.save(patch, options),
      )
      return encodeChanged(parts, 'The settings are saved.', loginRequired)
    },
  })
}

function resetRoute(parts: ConfigChangeParts): AdminRoute {
  const { settings } = parts
  return adminRoute({
    method: 'post',
    path: '/config/reset',
    policy: 'admin',
    audit: 'config.reset',
    summary:
      'Returns settings to their defaults, and removes what is stored under names that are no settings.',
    input: z.object({ body: z.object({ keys: z.array(keySchema).min(1).max(MAX_KEYS) }) }),
    answer: changedSchema,
    handler: async ({ body: { keys } }, call) => {
      call.note({ keys: keys.filter((key) => definitionsByKey.has(key)) })
      const { loginRequired } = await changeConfig(parts, nameActor(call.actor), () => settings.reset(keys))
      return encodeChanged(parts, 'The settings are back to their defaults.', loginRequired)
    },
  })
}

function revealRoute({ settings }: ConfigChangeParts): AdminRoute {
  return adminRoute({
    method: 'post',
    path: '/config/reveal',
    policy: 'admin',
    audit: 'config.reveal',
    summary: 'Shows one secret in the clear; the audit trail keeps that it was shown.',
    input: z.object({ body: z.object({ key: keySchema }) }),
    answer: z.object({ key: z.string(), value: z.union([z.string(), z.array(z.string())]) }),
    handler: ({ body: { key } }, call) => {
      if (definitionsByKey.get(key)?.secret !== true) {
        const fields = [{ key: 'key', message: 'is not the name of a secret setting' }]
        throw new AdminError('invalid_request', 'There is nothing to reveal.', { fields })
      }
      call.note({ key })
      return {
        key,
        value: z.union([z.string(), z.array(z.string())]).parse(getAtKey(settings.current, key)),
      }
    },
  })
}
