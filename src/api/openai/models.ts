import type { AccountDirectory } from '../../accounts/directory.ts'
import { GatewayError } from '../../core/error.ts'
import { poolOrder, type Model } from '../../core/model.ts'
import { findModel, models } from '../../core/models.ts'

/** A model as the official API lists it, with its readable name. */
export function encodeModel({ id, name, createdAtSeconds }: Model) {
  return { id, object: 'model', created: createdAtSeconds, owned_by: 'xai', name }
}

/** The models that the accounts at hand can serve (spec/public-api.md §3). */
export function listModels(directory: AccountDirectory) {
  return { object: 'list', data: models.filter((model) => isServed(model, directory)).map(encodeModel) }
}

/** One model; throws `model_not_found` for one that does not exist or that no account can serve. */
export function retrieveModel(id: string, directory: AccountDirectory) {
  const model = findModel(id)
  if (model && isServed(model, directory)) return encodeModel(model)
  throw new GatewayError('model_not_found', `The model '${id}' does not exist or no account can serve it.`, {
    param: 'model',
  })
}

function isServed(model: Model, directory: AccountDirectory): boolean {
  return poolOrder(model).some((tier) => directory.usableAccounts(tier) > 0)
}
