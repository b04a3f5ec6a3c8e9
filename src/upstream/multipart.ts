/** A file as a part of a form. */
export interface FilePart {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** A form with one file and some texts, encoded as browsers do it (spec/upstream-media.md §6.2). */
export function encodeMultipart(file: FilePart, texts: Readonly<Record<string, string>>) {
  const boundary = `----WebKitFormBoundary${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`
  const fileHead = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${encodeName(file.name)}"\r\nContent-Type: ${file.mediaType}\r\n\r\n`
  const textParts = Object.entries(texts).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const body = Buffer.concat([
    Buffer.from(fileHead),
    file.bytes,
    Buffer.from(`\r\n${textParts.join('')}--${boundary}--\r\n`),
  ])
  return { body, contentType: `multipart/form-data; boundary=${boundary}` }
}

/** A file's name within quotes: no line ends, no other control characters, UTF-8 as it is. */
function encodeName(name: string): string {
  const clean = name
    .replaceAll(/[\r\n]/g, '')
    .replaceAll(/\p{Cc}/gu, '_')
    .trim()
  return (clean || 'upload.bin').replaceAll(/["\\]/g, String.raw`\$&`)
}
