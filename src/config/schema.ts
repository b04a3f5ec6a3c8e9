import { z } from 'zod'
import { appGroup, loggingGroup } from './schema/access.ts'
import { accountGroup, batchGroup } from './schema/accounts.ts'
import { cacheGroup, featuresGroup } from './schema/features.ts'
import { modelsGroup } from './schema/models.ts'
import { proxyGroup } from './schema/proxy.ts'
import { assetGroup, chatGroup, imageGroup, nsfwGroup, videoGroup, voiceGroup } from './schema/timeouts.ts'
import { retryGroup, upstreamGroup } from './schema/upstream.ts'

type DeepReadonly<Value> = Value extends readonly (infer Item)[]
  ? readonly Item[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value

/** The one list of settings: the environment names, the admin form, the documentation and the sample file come from it. */
export const settingsSchema = z.strictObject({
  app: appGroup,
  logging: loggingGroup,
  features: featuresGroup,
  cache: cacheGroup,
  models: modelsGroup,
  proxy: proxyGroup,
  retry: retryGroup,
  upstream: upstreamGroup,
  account: accountGroup,
  batch: batchGroup,
  chat: chatGroup,
  image: imageGroup,
  video: videoGroup,
  voice: voiceGroup,
  asset: assetGroup,
  nsfw: nsfwGroup,
})

/** One consistent set of values; frozen, and replaced as a whole when anything changes. */
export type Settings = DeepReadonly<z.output<typeof settingsSchema>>
