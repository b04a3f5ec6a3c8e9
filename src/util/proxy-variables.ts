/** How the environment names proxies; each in both spellings. */
const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']

/**
 * Takes from an environment what names proxies, and hosts that are to be reached without one: the settings alone decide
 * about the way out. The runtime's sockets would leave a configured proxy for `NO_PROXY`, and its requests take one that was
 * never configured. The client with a browser's handshakes reads the environment that the process was started with, so
 * `script/runtime` takes them out of that.
 */
export function dropProxyVariables(environment: Record<string, string | undefined>): void {
  for (const name of NAMES) {
    delete environment[name]
    delete environment[name.toLowerCase()]
  }
}
