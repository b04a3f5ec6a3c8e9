import { crc32 } from 'node:zlib'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const OFFICE = 'application/vnd.openxmlformats-officedocument'

/** For tests: the beginnings of files, by their type. */
export const sampleFiles = {
  'image/png': hex('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489'),
  'image/jpeg': hex('ffd8ffe000104a46494600010100000100010000ffdb'),
  'image/gif': Buffer.from('GIF89a\x01\0\x01\0\x80\0\0', 'latin1'),
  'image/webp': Buffer.from('RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0', 'latin1'),
  'application/pdf': Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1'),
  'application/rtf': Buffer.from('{\\rtf1\\ansi Hello}'),
  [`${OFFICE}.wordprocessingml.document`]: officeFile(
    'word/document.xml',
    'wordprocessingml.document.main+xml',
  ),
  [`${OFFICE}.spreadsheetml.sheet`]: officeFile('xl/workbook.xml', 'spreadsheetml.sheet.main+xml'),
  [`${OFFICE}.presentationml.presentation`]: officeFile(
    'ppt/presentation.xml',
    'presentationml.presentation.main+xml',
  ),
} as const satisfies Readonly<Record<string, Buffer>>

/** For tests: an old office file, of which only the container can be told. */
export const compoundFile = Buffer.concat([hex('d0cf11e0a1b11ae1'), Buffer.alloc(504)])

/** For tests: a file of a kind that is not taken. */
export const programFile = Buffer.concat([hex('7f454c4602010100'), Buffer.alloc(56)])

function officeFile(part: string, contentType: string): Buffer {
  const types = `<Types><Override PartName="/${part}" ContentType="${OFFICE}.${contentType}"/></Types>`
  return zip({ '[Content_Types].xml': types, [part]: '<a/>' })
}

/** A zip archive of texts as they are. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const entries: Buffer[] = []
  const directory: Buffer[] = []
  for (const [name, text] of Object.entries(files)) {
    const offset = Buffer.concat(entries).length
    const facts = Buffer.alloc(22)
    facts.writeUInt32LE(crc32(text), 10)
    facts.writeUInt32LE(text.length, 14)
    facts.writeUInt32LE(text.length, 18)
    const names = Buffer.alloc(4)
    names.writeUInt16LE(name.length)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    entries.push(hex('504b03040a00'), facts.subarray(2), names, Buffer.from(name + text))
    directory.push(
      hex('504b01020a000a00'),
      facts.subarray(2),
      names,
      place.subarray(0, 14),
      Buffer.from(name),
    )
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(Object.keys(files).length, 4)
  end.writeUInt16LE(Object.keys(files).length, 6)
  end.writeUInt32LE(Buffer.concat(directory).length, 8)
  end.writeUInt32LE(Buffer.concat(entries).length, 12)
  return Buffer.concat([...entries, ...directory, hex('504b0506'), end])
}
