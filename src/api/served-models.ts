import { GatewayError } from '../core/error.ts'
import { poolOrder, type Model, type Tier } from '../core/model.ts'
import { findModel, models } from '../core/models.ts'
import type { ChatDoorParts } from './chat-door.ts'

/** What the list of models depends on: the accounts at hand, the operator's names and lengths. */
export interface ServedModelsParts extends Pick<ChatDoorParts, 'chatDefaults' | 'chatSettings'> {
  /** How many accounts of a pool serve now or will again by themselves. */
  readonly usableAccounts: (tier: Tier) => number
}

/** A model as callers see it; an alias has the properties of what it stands for. */
export interface ServedModel extends Model {
  /** Tokens that a conversation may have; null for models that hold none. */
  readonly contextLength: number | null
}

/** The models that the accounts at hand can serve (spec/public-api.md §3), under all their whole names. */
export function servedModels(parts: ServedModelsParts): readonly ServedModel[] {
  const { aliases } = parts.chatDefaults()
  const aliased = [...aliases.keys()]
    .filter((name) => !name.endsWith('*') && !models.some(({ id }) => id === name))
    .flatMap((name) => rename(findModel(name, aliases), name))
  return [...models, ...aliased]
    .filter((model) => isServed(model, parts))
    .map((model) => describe(model, parts))
}

/** One model by any of its names; throws `model_not_found` for one that does not exist or that no account can serve. */
export function findServedModel(id: string, parts: ServedModelsParts): ServedModel {
  const [model] = rename(findModel(id, parts.chatDefaults().aliases), id)
  if (model && isServed(model, parts)) return describe(model, parts)
  throw new GatewayError('model_not_found', `The model '${id}' does not exist or no account can serve it.`, {
    param: 'model',
  })
}

function rename(model: Model | undefined, name: string): Model[] {
  return model ? [{ ...model, id: name }] : []
}

function isServed(model: Model, { usableAccounts }: ServedModelsParts): boolean {
  return poolOrder(model).some((tier) => usableAccounts(tier) > 0)
}

function describe(model: Model, { chatSettings }: ServedModelsParts): ServedModel {
  return {
    ...model,
    contextLength: model.capability === 'chat' ? chatSettings().contextLength(model.id) : null,
  }
}
