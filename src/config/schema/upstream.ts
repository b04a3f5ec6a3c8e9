import { z } from 'zod'
import { address, headerText } from '../address-types.ts'
import { choice, statusList, wholeNumber } from '../setting-types.ts'

const RETRIES_LIMIT = 20

/** Where the upstream is and how it is spoken to. */
export const upstreamGroup = z.strictObject({
  base_url: address({
    schemes: ['http', 'https'],
    default: 'https://grok.com',
    description: 'Address of the Grok web product.',
  }),
  assets_url: address({
    schemes: ['http', 'https'],
    default: 'https://assets.grok.com',
    description: 'Address generated and uploaded media are read from.',
  }),
  accounts_url: address({
    schemes: ['http', 'https'],
    default: 'https://accounts.x.ai',
    description: 'Address of the account service.',
  }),
  livekit_url: address({
    schemes: ['ws', 'wss'],
    default: 'wss://livekit.grok.com',
    description: 'Address of the voice service.',
  }),
  chat_protocol: choice({
    choices: ['rest', 'gateway'],
    default: 'gateway',
    description:
      'Which generation of the chat protocol is spoken: the newer one over a socket, or the older one over HTTP. Files are put up, pictures edited and films made as each of them does it; films of several clips, presets or several pictures are made the older way in both.',
  }),
  statsig_value: headerText({
    default: '',
    secret: true,
    description: 'Constant sent as x-statsig-id; empty leaves it to features.dynamic_statsig.',
  }),
})

/** When a failed attempt is made again. */
export const retryGroup = z.strictObject({
  reset_session_status_codes: statusList({
    default: [403],
    description: 'Upstream statuses after which the connection to the upstream is rebuilt.',
  }),
  max_retries: wholeNumber({
    default: 1,
    minimum: 0,
    maximum: RETRIES_LIMIT,
    unit: 'attempts',
    description: 'Further attempts with another account after the first one failed.',
  }),
  on_codes: statusList({
    default: [401, 402, 403, 429, 500, 502, 503, 504],
    description:
      'Upstream statuses after which another account is tried; failures without a status always are.',
  }),
})
