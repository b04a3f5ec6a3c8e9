import { FileRefusal } from './file-refusal.ts'

/** The bytes of a base64 text, which must be whole and exact; throws a {@link FileRefusal}. Line breaks are overlooked. */
export function decodeBase64(text: string, limitBytes: number): Uint8Array {
  // before anything is decoded: four characters stand for three bytes, and some may be line breaks
  if (text.length > limitBytes * 2)
    throw new FileRefusal(`the file has more than ${limitBytes} bytes`, { fault: 'too-large' })
  const bytes = decode(text)
  if (bytes.length > limitBytes)
    throw new FileRefusal(`the file has more than ${limitBytes} bytes`, { fault: 'too-large' })
  return bytes
}

function decode(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    // not the decoder's words: they may quote the text
    throw new FileRefusal('this is not base64')
  }
}
