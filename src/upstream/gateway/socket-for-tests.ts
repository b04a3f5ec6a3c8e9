import { asObject, asString, type JsonObject } from '../../util/json-fields.ts'
import type { SocketRead, UpstreamSocket } from '../socket.ts'

/** What a scripted server does next: it says something, waits for messages of ours or for a time, closes, or is silent for good. */
export type ServerStep =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'hear'; readonly messages: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'close' }

/** The other end of a socket, played from a script; `ID` in its words stands for the id of our first event. */
export class ScriptedSocket implements UpstreamSocket {
  readonly heard: JsonObject[] = []
  isClosed = false
  readonly #steps: ServerStep[]

  constructor(steps: readonly ServerStep[]) {
    this.#steps = [...steps]
  }

  send(text: string): void {
    this.heard.push(asObject(JSON.parse(text)) ?? {})
  }

  take(): string | undefined {
    return this.#saysNow() ? this.#next() : undefined
  }

  async read(waitMs: number): Promise<SocketRead> {
    if (this.#saysNow()) return { type: 'message', text: this.#next() ?? '' }
    if (this.#steps[0]?.type === 'close') return { type: 'closed', code: 1006 }
    const step = this.#steps[0]
    if (step?.type === 'wait' && step.ms < waitMs) {
      this.#steps.shift()
      await Bun.sleep(step.ms)
      return this.read(waitMs - step.ms)
    }
    await Bun.sleep(waitMs)
    return { type: 'silence' }
  }

  close(): void {
    this.isClosed = true
  }

  #saysNow(): boolean {
    const step = this.#steps[0]
    if (step?.type === 'hear' && this.heard.length >= step.messages) this.#steps.shift()
    return this.#steps[0]?.type === 'say'
  }

  #next(): string | undefined {
    const step = this.#steps.shift()
    const id = asString(asObject(this.heard[0]?.['event'])?.['event_id']) ?? ''
    return step?.type === 'say' ? step.text.replaceAll('"ID"', JSON.stringify(id)) : undefined
  }
}
