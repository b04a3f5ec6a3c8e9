import type { StatsigSettings } from './statsig.ts'

/** The settings that shape every call; read anew for each. */
export interface UpstreamSettings {
  readonly baseUrl: string
  readonly assetsUrl: string
  /** Which generation of the chat protocol is spoken (spec/upstream-chat.md §0.1). */
  readonly chatProtocol: 'rest' | 'gateway'
  readonly userAgent: string
  readonly edgeCookies: string
  readonly statsig: StatsigSettings
  /** Seconds without a byte after which a chat call is given up. */
  readonly chatIdleSeconds: number
  readonly temporary: boolean
  readonly memory: boolean
  readonly customInstruction: string
}
