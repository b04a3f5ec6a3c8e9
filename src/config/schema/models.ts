import { z } from 'zod'
import { textList, wholeNumber } from '../setting-types.ts'

/** What clients may call the models, and how much a conversation may hold. */
export const modelsGroup = z.strictObject({
  aliases: textList({
    default: [],
    description:
      'More names for models, as name=model entries; a name that ends in * stands for every name that begins so.',
    findProblem: (entry) =>
      /^[^\s=]+=[^\s=]+$/.test(entry) ? undefined : 'must look like name=model, without spaces',
  }),
  context_length: wholeNumber({
    default: 500_000,
    minimum: 1_000,
    maximum: 100_000_000,
    unit: 'tokens',
    description:
      'Longest conversation that is put to the upstream, and what /v1/models says; the upstream itself names no limit.',
  }),
  context_lengths: textList({
    default: [],
    description: 'Other lengths for single models, as model=tokens entries.',
    findProblem: (entry) =>
      /^[^\s=]+=[1-9]\d{3,8}$/.test(entry)
        ? undefined
        : 'must look like model=tokens, with 1000 tokens or more',
  }),
})
