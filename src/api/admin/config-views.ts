import { z } from 'zod'
import { settingDefinitions } from '../../config/definitions.ts'
import { getAtKey } from '../../config/document-path.ts'
import type { SettingsService } from '../../config/settings.ts'
import { adminRoute, noInput, type AdminRoute } from './route.ts'
import { maskIf, maskSettings } from './setting-values.ts'

const effectSchema = z.enum(['live', 'next cycle', 'restart'])
const originSchema = z.enum(['default', 'stored', 'environment'])
const valueSchema = z.union([z.boolean(), z.number(), z.string(), z.array(z.string()), z.array(z.number())])

const definitionSchema = z.object({
  key: z.string(),
  type: z.enum([
    'switch',
    'number',
    'whole-number',
    'text',
    'long-text',
    'choice',
    'text-list',
    'number-list',
  ]),
  default: valueSchema,
  description: z.string(),
  effect: effectSchema.meta({ description: 'When a saved change takes effect.' }),
  secret: z.boolean(),
  environment_name: z.string(),
  unit: z.string().optional(),
  choices: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
})

const detailsSchema = z.object({
  version: z.string().meta({ description: 'Send it with a save to refuse one over a newer version.' }),
  settings: z.array(
    z.object({
      key: z.string(),
      value: valueSchema.meta({ description: 'In force now; secrets are masked.' }),
      origin: originSchema,
      locked: z.boolean().meta({ description: 'An environment variable sets it; it cannot be saved.' }),
      effect: effectSchema,
    }),
  ),
  warnings: z.array(z.object({ key: z.string(), origin: originSchema, message: z.string() })),
})

/** Looking at the settings: never with a secret in the clear. */
export function configViews({ settings }: { readonly settings: SettingsService }): readonly AdminRoute[] {
  const read = { method: 'get', policy: 'admin', audit: 'none', input: noInput } as const
  return [
    adminRoute({
      ...read,
      path: '/config',
      summary: 'Every setting as it is in force, nested; secrets are masked.',
      answer: z.record(z.string(), z.unknown()),
      handler: () => maskSettings(settings.current),
    }),
    adminRoute({
      ...read,
      path: '/config/schema',
      summary: 'What settings there are: types, bounds, defaults, environment names.',
      answer: z.object({ settings: z.array(definitionSchema) }),
      handler: () => ({ settings: settingDefinitions.map(encodeDefinition) }),
    }),
    adminRoute({
      ...read,
      path: '/config/details',
      summary: 'Every setting with where its value comes from, and what needs attention.',
      answer: detailsSchema,
      handler: () => encodeDetails(settings),
    }),
  ]
}

function encodeDefinition(definition: (typeof settingDefinitions)[number]): z.input<typeof definitionSchema> {
  const { key, kind, description, effect, secret, environmentName, unit, choices, minimum, maximum } =
    definition
  return {
    key,
    type: kind,
    default: valueSchema.parse(definition.default),
    description,
    effect,
    secret: secret === true,
    environment_name: environmentName,
    ...(unit !== undefined && { unit }),
    ...(choices !== undefined && { choices: [...choices] }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  }
}

function encodeDetails(settings: SettingsService): z.input<typeof detailsSchema> {
  const { current } = settings
  return {
    version: settings.version,
    settings: settingDefinitions.map(({ key, secret, effect }) => {
      const origin = settings.origin(key) ?? 'default'
      const value = valueSchema.parse(maskIf(secret, getAtKey(current, key)))
      return { key, value, origin, locked: origin === 'environment', effect }
    }),
    warnings: settings.warnings.map((warning) => ({ ...warning })),
  }
}
