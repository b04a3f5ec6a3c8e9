import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A key and its self-signed certificate, as PEM texts and as files. */
export interface TestCertificate {
  readonly key: string
  readonly cert: string
  readonly keyFile: string
  readonly certFile: string
}

/** Makes a certificate for some names (and 127.0.0.1) with openssl, in a folder of its own under the system's temporary one. */
export async function makeCertificate(names: readonly string[]): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'grok2api-cert-'))
  const keyFile = join(folder, 'key.pem')
  const certFile = join(folder, 'cert.pem')
  const subjects = [...names.map((name) => `DNS:${name}`), 'IP:127.0.0.1'].join(',')
  await Bun.$`openssl req -x509 -newkey rsa:2048 -nodes -keyout ${keyFile} -out ${certFile} -days 2 -subj /CN=grok2api-test -addext ${`subjectAltName=${subjects}`}`.quiet()
  const [key, cert] = await Promise.all([Bun.file(keyFile).text(), Bun.file(certFile).text()])
  return { key, cert, keyFile, certFile }
}
