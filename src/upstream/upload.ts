import { GatewayError } from '../core/error.ts'
import { asNumber, asObject, asString, isEmptyField, type JsonObject } from '../util/json-fields.ts'
import { classifyStreamFailure } from './failure.ts'
import { encodeMultipart } from './multipart.ts'
import {
  oddAnswer,
  readAnswerJson,
  type CallerIdentity,
  type RestAnswer,
  type RestCaller,
} from './rest-call.ts'

/** A file that is to be put up. */
export interface UploadFile {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly timeoutSeconds: number
  /** A picture that another one is made from. */
  readonly isForEdit?: boolean
}

/** A file as it lies at an account. */
export interface PlacedFile {
  /** By which a chat names it. */
  readonly id: string
  /** Where its bytes are: absolute, or from the root of the assets' host; null if the upstream did not say. */
  readonly uri: string | null
}

/** Puts a file up for an account. */
export type Upload = (call: RestCaller, identity: CallerIdentity, file: UploadFile) => Promise<PlacedFile>

/** Bytes that are turned into base64 at a time: a multiple of three, so that the pieces join without padding. */
const BASE64_STEP_BYTES = 3 * 64 * 1024

/** What tells the upstream that a file is no attachment of a chat. */
const EDIT_SOURCE = 'IMAGINE_SELF_UPLOAD_FILE_SOURCE'

/** The older way, beside the REST chat: JSON with base64 (spec/upstream-chat.md §10.1). */
export const uploadJson: Upload = async (call, identity, { timeoutSeconds, ...file }) => {
  const path = '/rest/app-chat/upload-file'
  const answer = await call({ method: 'POST', path, body: encodeUpload(file), timeoutSeconds }, identity)
  const placed = asObject(readAnswerJson(answer))
  return readPlaced(answer, placed, asString(placed?.['fileMetadataId']) || asString(placed?.['fileId']))
}

/** The newer way, beside the gateway socket: a form with the bytes as they are (spec/upstream-chat.md §10.2). */
export const uploadForm: Upload = async (call, identity, { timeoutSeconds, isForEdit, ...file }) => {
  const { body, contentType } = encodeMultipart(file, isForEdit ? { file_source: EDIT_SOURCE } : {})
  const answer = await call(
    {
      method: 'POST',
      path: '/http/upload-file-v2/direct',
      refererPath: isForEdit ? '/imagine' : '/',
      headers: { 'content-type': contentType, 'x-xai-request-id': undefined, 'x-statsig-id': undefined },
      body,
      timeoutSeconds,
    },
    identity,
  )
  const fields = asObject(readAnswerJson(answer))
  throwRefusal(fields?.['terminalError'])
  const placed = asObject(fields?.['fileMetadata'])
  const id = asString(placed?.['fileMetadataId'])
  if (isForEdit) return readPlaced(answer, placed, id) // the other ids name no picture (§6.2 of upstream-media.md)
  return readPlaced(answer, placed, id || asString(placed?.['fileId']) || asString(fields?.['uploadId']))
}

function readPlaced(answer: RestAnswer, placed: JsonObject | undefined, id: string | undefined): PlacedFile {
  if (id) return { id, uri: asString(placed?.['fileUri']) || null }
  throw oddAnswer(answer, 'upload')
}

/** A file may be refused with HTTP 200; empty values of any kind refuse nothing (spec/upstream-media.md §6.2). */
function throwRefusal(refusal: unknown): void {
  if (isEmptyField(refusal)) return
  const fields = asObject(refusal)
  const inner = asObject(fields?.['error']) ?? fields
  const message = asString(inner?.['message']) ?? asString(refusal) ?? JSON.stringify(refusal)
  const failure = classifyStreamFailure({ code: asNumber(inner?.['code']) ?? 0, message })
  // what is said of the upload alone is about the file: another account would hear the same
  if (failure.code !== 'upstream_unavailable') throw failure
  const { cause } = failure
  throw new GatewayError('upstream_rejected', 'The upstream did not take the file.', { cause })
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
