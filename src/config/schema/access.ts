import { z } from 'zod'
import { address, networkList } from '../address-types.ts'
import { choice, flag, text, textList, wholeNumber } from '../setting-types.ts'

const LOG_FILES_LIMIT = 3_650

/** The levels a log can be cut at, loudest last. */
export const logLevels = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const

/** Who may use what. */
export const appGroup = z.strictObject({
  app_key: text({
    default: '',
    secret: true,
    description:
      'Password of the admin console and its API; generated at the first start, and empty closes them.',
  }),
  app_url: address({
    schemes: ['http', 'https'],
    optional: true,
    default: '',
    description:
      'Public address of this server, put before links to locally stored media; empty takes the address that each caller used.',
  }),
  api_key: textList({
    default: [],
    secret: true,
    description:
      'Keys accepted by /v1, as a list or comma-separated; generated at the first start, and explicitly empty opens /v1 to everybody.',
  }),
  trusted_proxies: networkList({
    default: ['127.0.0.0/8', '::1/128'],
    description:
      'Addresses or networks of reverse proxies whose X-Forwarded-Proto and X-Forwarded-Host are believed when links are made without app.app_url.',
  }),
  cors_origins: textList({
    default: [],
    description:
      'Origins of pages that may call /v1 from a browser, such as https://chat.example.com; * is any, and empty allows none.',
    findProblem: findOriginProblem,
  }),
  webui_enabled: flag({
    default: false,
    description: 'Serve the pages under /webui and their API; off answers 404.',
  }),
  webui_key: text({
    default: '',
    secret: true,
    description: 'Password of the pages under /webui; empty lets everybody in while they are enabled.',
  }),
})

function findOriginProblem(origin: string): string | undefined {
  if (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)) return undefined
  return 'must be * or an origin such as https://chat.example.com, without a path'
}

/** What the log files keep. */
export const loggingGroup = z.strictObject({
  file_level: choice({
    choices: logLevels,
    default: 'INFO',
    description: 'Lowest level written to the log files.',
  }),
  max_files: wholeNumber({
    default: 7,
    minimum: 1,
    maximum: LOG_FILES_LIMIT,
    unit: 'files',
    description: 'Daily log files kept before the oldest is deleted.',
  }),
})
