import { describe } from 'bun:test'
import type { RecordedRequest } from '../../emulator/state/request-log.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts'

/** What a chat call said to the upstream, whichever protocol it was said in. */
export interface AskedTurn {
  readonly prompt: string
  readonly mode: string
  readonly fileIds: readonly string[]
}

/** One of the two chat protocols, and how the emulator shows it. */
export interface TestProtocol {
  readonly name: 'rest' | 'gateway'
  /** The path that faults of chat hit. */
  readonly path: string
  /** The path that files are put up at. */
  readonly uploadPath: string
  /** Starts a gateway that speaks this protocol. */
  start(options?: TestGatewayOptions): Promise<TestGateway>
  /** The record of each chat call, answered or refused, oldest first. */
  calls(gateway: Emulated): Promise<readonly RecordedRequest[]>
  /** What was asked, oldest first. */
  asked(gateway: Emulated): Promise<readonly AskedTurn[]>
  /** The files that were put up, oldest first. */
  uploaded(gateway: Emulated): Promise<readonly UploadedFile[]>
}

/** A file as the emulator got it. */
export interface UploadedFile {
  readonly name: string
  readonly mediaType: string
  readonly sizeBytes: number
}

type Emulated = Pick<TestGateway, 'emulator'>

interface RestBody {
  readonly message: string
  readonly modeId: string
  readonly fileAttachments: readonly string[]
}

interface GatewayBody {
  readonly event: {
    readonly type: string
    readonly session?: { readonly model: string }
    readonly item?: { readonly x_grok: { readonly input_chunks: readonly { text?: { text: string } }[] } }
    readonly file_attachment_ids?: readonly string[]
  }
}

interface JsonUpload {
  readonly fileName: string
  readonly fileMimeType: string
  readonly content: string
}

interface FormUpload {
  readonly multipart: readonly { fileName: string; contentType: string; sizeBytes: number }[]
}

const REST_PATH = '/rest/app-chat/*'
const GATEWAY_PATH = '/ws/mgw/'
const JSON_UPLOAD_PATH = '/rest/app-chat/upload-file'
const FORM_UPLOAD_PATH = '/http/upload-file-v2/direct'

const rest: TestProtocol = {
  ...protocolNamed('rest'),
  path: REST_PATH,
  uploadPath: JSON_UPLOAD_PATH,
  calls: ({ emulator }) => emulator.requests({ path: REST_PATH }),
  asked: async ({ emulator }) =>
    (await emulator.requests({ path: '/rest/app-chat/conversations/new' })).map(({ body }) => {
      const { message, modeId, fileAttachments } = body as RestBody
      return { prompt: message, mode: modeId, fileIds: fileAttachments }
    }),
  uploaded: async ({ emulator }) =>
    (await emulator.requests({ path: JSON_UPLOAD_PATH })).map(({ body }) => {
      const { fileName: name, fileMimeType: mediaType, content } = body as JsonUpload
      return { name, mediaType, sizeBytes: Buffer.from(content, 'base64').length }
    }),
}

const gateway: TestProtocol = {
  ...protocolNamed('gateway'),
  path: GATEWAY_PATH,
  uploadPath: FORM_UPLOAD_PATH,
  // one socket carries one answer
  calls: ({ emulator }) => emulator.requests({ path: GATEWAY_PATH, method: 'GET' }),
  asked: async ({ emulator }) => {
    const requests = await emulator.requests({ path: GATEWAY_PATH, method: 'WS' })
    const modes = requests.map(({ body }) => (body as GatewayBody).event.session?.model ?? null)
    return requests.flatMap(({ body }, index) => {
      const { item, file_attachment_ids: fileIds = [] } = (body as GatewayBody).event
      if (!item) return []
      const mode = modes.slice(0, index).findLast((each) => each !== null) ?? ''
      return [{ prompt: item.x_grok.input_chunks.at(-1)?.text?.text ?? '', mode, fileIds }]
    })
  },
  uploaded: async ({ emulator }) =>
    (await emulator.requests({ path: FORM_UPLOAD_PATH })).flatMap(({ body }) =>
      (body as FormUpload).multipart.map(({ fileName: name, contentType: mediaType, sizeBytes }) => ({
        name,
        mediaType,
        sizeBytes,
      })),
    ),
}

/** Runs a suite on both chat protocols of the upstream. */
export function onBothProtocols(what: string, suite: (protocol: TestProtocol) => void): void {
  for (const protocol of [rest, gateway]) describe(`${what} (${protocol.name})`, () => suite(protocol))
}

function protocolNamed(name: TestProtocol['name']): Pick<TestProtocol, 'name' | 'start'> {
  return {
    name,
    start: ({ environment, ...options } = {}) =>
      startGateway({ ...options, environment: { ...environment, GROK_UPSTREAM_CHAT_PROTOCOL: name } }),
  }
}
