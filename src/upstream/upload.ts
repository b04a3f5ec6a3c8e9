import { asObject, asString } from '../util/json-fields.ts'
import { oddAnswer, readAnswerJson, type CallerIdentity, type RestCaller } from './rest-call.ts'

/** A file that is to be put up. */
export interface UploadFile {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly timeoutSeconds: number
}

/** A file as it lies at an account. */
export interface PlacedFile {
  /** By which a chat names it. */
  readonly id: string
  /** Where its bytes are: absolute, or from the root of the assets' host; null if the upstream did not say. */
  readonly uri: string | null
}

/** Bytes that are turned into base64 at a time: a multiple of three, so that the pieces join without padding. */
const BASE64_STEP_BYTES = 3 * 64 * 1024

/** Puts a file up for an account (spec/upstream-chat.md §10.1). */
export async function uploadFile(
  call: RestCaller,
  identity: CallerIdentity,
  { timeoutSeconds, ...file }: UploadFile,
): Promise<PlacedFile> {
  const path = '/rest/app-chat/upload-file'
  const body = encodeUpload(file)
  const answer = await call({ method: 'POST', path, body, timeoutSeconds }, identity)
  const placed = asObject(readAnswerJson(answer))
  const id = asString(placed?.['fileMetadataId']) || asString(placed?.['fileId'])
  if (id) return { id, uri: asString(placed?.['fileUri']) || null }
  throw oddAnswer(answer, 'upload')
}

/** The JSON of an upload, written into one buffer: a text of it would be copied several times on its way. */
function encodeUpload({ name, mediaType, bytes }: Omit<UploadFile, 'timeoutSeconds'>): Uint8Array {
  const start = Buffer.from(
    `${JSON.stringify({ fileName: name, fileMimeType: mediaType }).slice(0, -1)},"content":"`,
  )
  const end = '"}'
  const body = Buffer.allocUnsafe(start.length + Math.ceil(bytes.length / 3) * 4 + end.length)
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let written = start.copy(body)
  for (let at = 0; at < source.length; at += BASE64_STEP_BYTES)
    written += body.write(source.toString('base64', at, at + BASE64_STEP_BYTES), written, 'latin1')
  body.write(end, written, 'latin1')
  return body
}
