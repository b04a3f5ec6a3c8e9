import type { StatsigSettings } from './statsig.ts'

/** The settings that shape every call; read anew for each. */
export interface UpstreamSettings {
  readonly baseUrl: string
  readonly assetsUrl: string
  readonly userAgent: string
  readonly edgeCookies: string
  readonly statsig: StatsigSettings
  /** Seconds without a byte after which a chat call is given up. */
  readonly chatIdleSeconds: number
  readonly temporary: boolean
  readonly memory: boolean
  readonly customInstruction: string
}
