/** What is generated and kept: pictures and films. */
export const mediaTypes = ['image', 'video'] as const
export type MediaType = (typeof mediaTypes)[number]

/** Where the bytes of something generated are: here already, or at an address of the upstream. */
export type MediaSource =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'url'; readonly url: string }

/** How far a picture has come; `percent` only ever grows, 1 to 99. */
export interface PictureProgress {
  readonly type: 'picture-progress'
  readonly index: number
  readonly percent: number
}

/** A picture that is not finished yet. */
export interface PicturePreview {
  readonly type: 'picture-preview'
  readonly index: number
  readonly source: MediaSource
}

/** A finished picture; `index` counts the pictures of a request from 0. */
export interface PictureDone {
  readonly type: 'picture-done'
  readonly index: number
  readonly source: MediaSource
  /** Its address at the upstream; null where the upstream gave only bytes. */
  readonly upstreamUrl: string | null
}

/** The upstream withheld a picture under its usage guidelines. */
export interface PictureWithheld {
  readonly type: 'picture-withheld'
  readonly index: number
}

/** What happens while pictures are made. */
export type PictureEvent = PictureProgress | PicturePreview | PictureDone | PictureWithheld

/** How kept files are linked to: addresses as the caller can open them. */
export interface MediaLinks {
  imageUrl(id: string): string
  videoUrl(id: string): string
}

/** A file that is kept on disk. */
export interface KeptFile {
  /** Unguessable: who knows it may read the file. */
  readonly id: string
  readonly type: MediaType
  /** As its bytes say, e.g. `image/png`. */
  readonly mediaType: string
  readonly sizeBytes: number
  /** Epoch milliseconds. */
  readonly createdAt: number
}
