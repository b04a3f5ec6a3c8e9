import { encodeJpeg } from './jpeg.ts'
import { drawMosaic } from './mosaic.ts'
import { encodePng } from './png.ts'

/** Pixel size of a picture or clip. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** The facts that a picture shows; pictures that differ in one of them differ. */
export interface PictureFacts extends Size {
  readonly prompt: string
  /** Position in its batch, from 0. */
  readonly slot: number
  /** Such as `IMAGE`, `EDIT` or `LITE`: what made it. */
  readonly label: string
  readonly id: string
}

const PREVIEW_PIXELS_PER_BLOCK = 2

/** The finished picture, a JPEG of the full size. */
export function finalPicture(facts: PictureFacts): Uint8Array<ArrayBuffer> {
  return encodeJpeg(drawMosaic(drawingOf(facts, facts.label)))
}

/** A preview: the same motif as a PNG with a quarter of the pixels per side. */
export function previewPng(facts: PictureFacts): Uint8Array<ArrayBuffer> {
  return encodePng(drawMosaic(drawingOf(facts, `${facts.label} PREVIEW`)), PREVIEW_PIXELS_PER_BLOCK)
}

/** A preview as a JPEG of the full size, for paths that end in `.jpg`. */
export function previewJpeg(facts: PictureFacts): Uint8Array<ArrayBuffer> {
  return encodeJpeg(drawMosaic(drawingOf(facts, `${facts.label} PREVIEW`)))
}

function drawingOf(facts: PictureFacts, label: string): Parameters<typeof drawMosaic>[0] {
  const { width, height, prompt, slot, id } = facts
  const text = `${label} ${slot + 1}\n${width}X${height}\n${id.slice(0, 8)}\n${prompt}`
  return { width, height, seed: `${prompt} ${slot} ${id}`, text }
}
