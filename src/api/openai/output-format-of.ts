const formats = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/webp': 'webp',
  'image/gif': 'gif',
} as const

/** The official name of a kind of picture; undefined for kinds that it does not know. */
export type OutputFormatName = (typeof formats)[keyof typeof formats]

export function outputFormatOf(mediaType: string): OutputFormatName | undefined {
  return Object.entries(formats).find(([type]) => type === mediaType)?.[1]
}
