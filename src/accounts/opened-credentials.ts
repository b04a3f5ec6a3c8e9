import type { OpenCredential } from './lease.ts'

/** Texts that are kept in the clear at most; each is a few hundred bytes. */
const MAX_OPENED = 4_096

interface Opened {
  readonly credentialHash: string
  readonly text: string
}

/**
 * The same, remembering what was opened last: decrypting costs some 15 µs, and every request needs a credential. A text
 * that cannot be opened is tried anew each time, since its key may come back.
 */
export function rememberOpened(open: OpenCredential, limit = MAX_OPENED): OpenCredential {
  const known = new Map<string, Opened>()
  return (sealed, credentialHash) => {
    const found = known.get(sealed)
    if (found?.credentialHash === credentialHash) return found.text
    const text = open(sealed, credentialHash)
    known.set(sealed, { credentialHash, text })
    const [oldest] = known.size > limit ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    return text
  }
}
