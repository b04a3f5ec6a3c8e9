import { GatewayError } from '../../core/error.ts'
import { poolOrder, type Model, type Tier } from '../../core/model.ts'
import { findModel, models } from '../../core/models.ts'

/** How many accounts of a pool serve now or will again by themselves. */
export type UsableAccounts = (tier: Tier) => number

/** A model as the official API lists it, with its readable name. */
export function encodeModel({ id, name, createdAtSeconds }: Model) {
  return { id, object: 'model', created: createdAtSeconds, owned_by: 'xai', name }
}

/** The models that the accounts at hand can serve (spec/public-api.md §3). */
export function listModels(usableAccounts: UsableAccounts) {
  return { object: 'list', data: models.filter((model) => isServed(model, usableAccounts)).map(encodeModel) }
}

/** One model; throws `model_not_found` for one that does not exist or that no account can serve. */
export function retrieveModel(id: string, usableAccounts: UsableAccounts) {
  const model = findModel(id)
  if (model && isServed(model, usableAccounts)) return encodeModel(model)
  throw new GatewayError('model_not_found', `The model '${id}' does not exist or no account can serve it.`, {
    param: 'model',
  })
}

function isServed(model: Model, usableAccounts: UsableAccounts): boolean {
  return poolOrder(model).some((tier) => usableAccounts(tier) > 0)
}
