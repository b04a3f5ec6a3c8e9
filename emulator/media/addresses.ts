import type { EmulatorState } from '../state/emulator-state.ts'

/** An absolute address on the host that needs no cookies; `origin` is where this emulator was called. */
export function publicUrl(state: EmulatorState, origin: string, path: string): string {
  return `${withoutSlash(state.behaviour.publicUrl ?? `${origin}/public`)}/${path}`
}

/** An absolute address on the asset host. */
export function assetUrl(state: EmulatorState, origin: string, path: string): string {
  return `${withoutSlash(state.behaviour.assetsUrl ?? `${origin}/assets`)}/${path}`
}

function withoutSlash(base: string): string {
  return base.replace(/\/+$/, '')
}
