import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DsnError, type TlsFiles, type TlsPlan } from './parse-dsn.ts'

/** TLS as both drivers take it: options of `tls.connect`. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly ca?: string[]
  readonly cert?: string
  readonly key?: string
  readonly ciphers?: string
}

/** Authorities that a folder may hold. */
const MAX_AUTHORITIES = 1000

/** Reads the files of a plan; throws a {@link DsnError} that names one that cannot be read. */
export async function loadTlsOptions(plan: Exclude<TlsPlan, { mode: 'off' }>): Promise<TlsOptions> {
  const { files, check, ciphers } = plan
  const authorities = await loadAuthorities(files)
  const [cert, key] = await Promise.all([load(files.certificate), load(files.key)])
  return {
    rejectUnauthorized: check !== 'nothing',
    ...(authorities.length > 0 && { ca: authorities }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ciphers !== undefined && { ciphers }),
  }
}

async function loadAuthorities({ authority, authorities }: TlsFiles): Promise<string[]> {
  const paths = authority === undefined ? [] : [authority]
  if (authorities !== undefined) paths.push(...(await list(authorities)))
  const texts = await Promise.all(paths.map(load))
  return texts.filter((text) => text !== undefined)
}

async function list(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder)
    return names
      .filter((name) => /\.(?:pem|crt|\d)$/.test(name))
      .slice(0, MAX_AUTHORITIES)
      .map((name) => join(folder, name))
  } catch (error) {
    throw new DsnError(`the folder of certificates ${folder} cannot be read`, { cause: error })
  }
}

async function load(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new DsnError(`the TLS file ${path} cannot be read`, { cause: error })
  }
}
