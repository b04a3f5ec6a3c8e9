import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate for a server, as PEM texts, and the authority that signed it, as a file. */
export interface TestCertificate {
  readonly key: string
  readonly cert: string
  readonly caFile: string
}

/** Makes an authority and a certificate for some names (and 127.0.0.1) with openssl, in a folder under the system's temporary one. */
export async function makeCertificate(names: readonly string[]): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'grok2api-cert-'))
  const subjects = [...names.map((name) => `DNS:${name}`), 'IP:127.0.0.1'].join(',')
  // a client may refuse an authority that stands in for a server, so there are two
  await Bun.write(join(folder, 'leaf.ext'), `subjectAltName=${subjects}\nbasicConstraints=CA:FALSE\n`)
  const openssl = (args: readonly string[]) => Bun.$`openssl ${args}`.cwd(folder).quiet()
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  await openssl([
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test-ca',
  ])
  await openssl(['req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=test-leaf'])
  const signing = [
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-extfile',
    'leaf.ext',
    '-days',
    '2',
  ]
  await openssl(['x509', '-req', '-in', 'leaf.csr', ...signing, '-out', 'leaf.pem'])
  const read = (name: string): Promise<string> => Bun.file(join(folder, name)).text()
  return { key: await read('leaf.key'), cert: await read('leaf.pem'), caFile: join(folder, 'ca.pem') }
}
