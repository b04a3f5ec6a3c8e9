import { GatewayError } from '../core/error.ts'
import { poolOrder, type Model, type Tier } from '../core/model.ts'
import { findModel, models } from '../core/models.ts'

/** How many accounts of a pool serve now or will again by themselves. */
export type UsableAccounts = (tier: Tier) => number

/** The models that the accounts at hand can serve (spec/public-api.md §3). */
export function servedModels(usableAccounts: UsableAccounts): readonly Model[] {
  return models.filter((model) => isServed(model, usableAccounts))
}

/** One model; throws `model_not_found` for one that does not exist or that no account can serve. */
export function findServedModel(id: string, usableAccounts: UsableAccounts): Model {
  const model = findModel(id)
  if (model && isServed(model, usableAccounts)) return model
  throw new GatewayError('model_not_found', `The model '${id}' does not exist or no account can serve it.`, {
    param: 'model',
  })
}

function isServed(model: Model, usableAccounts: UsableAccounts): boolean {
  return poolOrder(model).some((tier) => usableAccounts(tier) > 0)
}
