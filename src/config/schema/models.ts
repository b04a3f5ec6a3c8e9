import { z } from 'zod'
import { textList } from '../setting-types.ts'

/** What clients may call the models. */
export const modelsGroup = z.strictObject({
  aliases: textList({
    default: [],
    description:
      'More names for models, as name=model entries; a name that ends in * stands for every name that begins so.',
    findProblem: (entry) =>
      /^[^\s=]+=[^\s=]+$/.test(entry) ? undefined : 'must look like name=model, without spaces',
  }),
})
