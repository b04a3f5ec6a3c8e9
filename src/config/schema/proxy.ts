import { z } from 'zod'
import { address, headerText, proxyAddress, proxyPool } from '../address-types.ts'
import { choice, flag, wholeNumber } from '../setting-types.ts'

const DAY_SECONDS = 86_400
const CLEARANCE_WAIT_LIMIT_SECONDS = 600

/** The ways out to the upstream and the clearance their requests carry. */
export const proxyGroup = z.strictObject({
  egress: z.strictObject({
    mode: choice({
      choices: ['direct', 'single_proxy', 'proxy_pool'],
      default: 'direct',
      description: 'Whether requests leave directly, through one proxy or through a pool.',
    }),
    proxy_url: proxyAddress({ default: '', description: 'Proxy used in single_proxy mode.' }),
    proxy_pool: proxyPool({
      default: [],
      description: 'Proxies used in proxy_pool mode, one per line or comma-separated.',
    }),
    resource_proxy_url: proxyAddress({
      default: '',
      description: 'Proxy for media in single_proxy mode; empty uses proxy_url.',
    }),
    resource_proxy_pool: proxyPool({
      default: [],
      description: 'Proxies for media in proxy_pool mode; empty uses proxy_pool.',
    }),
    skip_ssl_verify: flag({
      default: false,
      description: "Do not verify the proxy's certificate.",
    }),
  }),
  clearance: z.strictObject({
    mode: choice({
      choices: ['none', 'manual', 'flaresolverr'],
      default: 'none',
      description:
        "Where clearance cookies come from: nowhere, from cf_cookies, or from the operator's own FlareSolverr.",
    }),
    cf_cookies: headerText({
      default: '',
      secret: true,
      description: 'Cookie header text used in manual mode.',
    }),
    user_agent: headerText({
      default:
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36',
      description: 'User-Agent sent upstream; must be the one the cookies were issued to.',
    }),
    browser: headerText({
      default: 'chrome136',
      description: 'TLS profile used when none can be derived from the User-Agent.',
    }),
    flaresolverr_url: address({
      schemes: ['http', 'https'],
      optional: true,
      default: '',
      description: 'Address of the FlareSolverr service.',
    }),
    timeout_sec: wholeNumber({
      default: 60,
      minimum: 1,
      maximum: CLEARANCE_WAIT_LIMIT_SECONDS,
      unit: 'seconds',
      description: 'Longest wait for FlareSolverr.',
    }),
    refresh_interval: wholeNumber({
      default: 3_600,
      minimum: 60,
      maximum: 7 * DAY_SECONDS,
      unit: 'seconds',
      effect: 'next cycle',
      description: 'Time between two renewals of the clearance in flaresolverr mode.',
    }),
  }),
})
