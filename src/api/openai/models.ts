import type { Model } from '../../core/model.ts'
import { findServedModel, servedModels, type UsableAccounts } from '../served-models.ts'

/** A model as the official API lists it, with its readable name. */
export function encodeModel({ id, name, createdAtSeconds }: Model) {
  return { id, object: 'model', created: createdAtSeconds, owned_by: 'xai', name }
}

/** The models that the accounts at hand can serve (spec/public-api.md §3). */
export function listModels(usableAccounts: UsableAccounts) {
  return { object: 'list', data: servedModels(usableAccounts).map(encodeModel) }
}

/** One model; throws `model_not_found` for one that does not exist or that no account can serve. */
export function retrieveModel(id: string, usableAccounts: UsableAccounts) {
  return encodeModel(findServedModel(id, usableAccounts))
}
