import { z } from 'zod'
import { choice, flag, text, wholeNumber } from '../setting-types.ts'

const CACHE_LIMIT_MB = 1_048_576

/** How chat, images and video behave unless a request says otherwise. */
export const featuresGroup = z.strictObject({
  temporary: flag({
    default: true,
    description: 'Ask the upstream not to keep conversations in the account history.',
  }),
  memory: flag({ default: false, description: "Let the upstream use the account's memory." }),
  stream: flag({
    default: false,
    description: 'Stream answers of requests that do not say whether they want a stream.',
  }),
  thinking: flag({
    default: true,
    description: 'Include reasoning in answers unless a request turns it off.',
  }),
  auto_chat_mode_fallback: flag({
    default: true,
    description: 'Let an auto model use the quota of the fast and expert modes when its own is used up.',
  }),
  thinking_summary: flag({
    default: false,
    description: 'Send condensed reasoning instead of the raw one.',
  }),
  dynamic_statsig: flag({
    default: true,
    description:
      'Send a made-up placeholder as x-statsig-id when upstream.statsig_value is empty; off sends no such header.',
  }),
  enable_nsfw: flag({
    default: false,
    description: 'Allow adult content in image generation, as far as the account itself allows it.',
  }),
  show_search_sources: flag({
    default: false,
    description: 'Append a Sources section to the text; the structured sources are always returned.',
  }),
  continue_conversations: flag({
    default: false,
    description:
      'Let a conversation go on where the upstream keeps it, at the same account, instead of telling it anew (protocol gateway only).',
  }),
  delete_uploads: flag({
    default: false,
    description:
      'Delete the files of a chat from the account after the answer; off lets the next turn use them again.',
  }),
  custom_instruction: text({
    kind: 'long-text',
    default: '',
    description: 'Instruction added to every chat request.',
  }),
  response_retention_days: wholeNumber({
    default: 30,
    minimum: 1,
    maximum: 3650,
    unit: 'days',
    description: 'How long answers of the Responses API are kept (store), to be fetched or gone on from.',
  }),
  image_format: choice({
    choices: ['grok_url', 'local_url', 'grok_md', 'local_md', 'base64'],
    default: 'grok_url',
    description: 'How chat answers carry images.',
  }),
  imagine_public_image_proxy: flag({
    default: false,
    description: 'Store publicly shared generated images and serve them from here.',
  }),
  video_format: choice({
    choices: ['grok_url', 'local_url', 'grok_html', 'local_html'],
    default: 'grok_url',
    description: 'How chat answers carry video.',
  }),
})

/** How much disk stored media may take. */
export const cacheGroup = z.strictObject({
  local: z.strictObject({
    image_max_mb: cacheCap('images'),
    video_max_mb: cacheCap('videos'),
  }),
})

function cacheCap(what: string) {
  return wholeNumber({
    default: 0,
    minimum: 0,
    maximum: CACHE_LIMIT_MB,
    unit: 'MB',
    description: `Disk space for stored ${what}, 0 for no limit; above it the oldest go until 60 % is left.`,
  })
}
