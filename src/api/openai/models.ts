import { findServedModel, servedModels, type ServedModel, type ServedModelsParts } from '../served-models.ts'

/** A model as the official API lists it, with its readable name and how much a conversation may hold (tokens). */
export function encodeModel({ id, name, createdAtSeconds, contextLength }: ServedModel) {
  return {
    id,
    object: 'model',
    created: createdAtSeconds,
    owned_by: 'xai',
    name,
    ...(contextLength !== null && { context_length: contextLength }),
  }
}

/** The models that the accounts at hand can serve (spec/public-api.md §3). */
export function listModels(parts: ServedModelsParts) {
  return { object: 'list', data: servedModels(parts).map(encodeModel) }
}

/** One model; throws `model_not_found` for one that does not exist or that no account can serve. */
export function retrieveModel(id: string, parts: ServedModelsParts) {
  return encodeModel(findServedModel(id, parts))
}
