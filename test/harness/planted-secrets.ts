import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Throws if one of the secrets stands in a file of the folder: no log of any test may hold one. */
export async function refuseSecretsIn(folder: string, secrets: readonly string[]): Promise<void> {
  const names = await readdir(folder, { recursive: true })
  if (names.length === 0) throw new Error(`${folder} holds no log to look into`)
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8')
    const planted = secrets.find((secret) => text.includes(secret))
    if (planted === undefined) continue
    const line = text.split('\n').find((each) => each.includes(planted))
    throw new Error(`the secret ${planted} was logged: ${line}`)
  }
}
