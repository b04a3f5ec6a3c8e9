/** A new id such as `chatcmpl-3f2a…`: a prefix and 32 hexadecimal digits. */
export function newId(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll('-', '')
}
