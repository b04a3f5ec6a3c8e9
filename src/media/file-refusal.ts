/** Why a file is not taken. */
export type FileFault = 'invalid' | 'too-large'

/** A file that cannot be taken; the message is for the caller, the cause for the log. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal'
  readonly fault: FileFault

  constructor(message: string, options: { readonly fault?: FileFault; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.fault = options.fault ?? 'invalid'
  }
}
