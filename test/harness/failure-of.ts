/** What a call throws, which must be of the given class. */
export async function failureOf<Class extends abstract new (...args: never[]) => Error>(
  type: Class,
  call: PromiseLike<unknown>,
): Promise<InstanceType<Class>> {
  try {
    await call
  } catch (error) {
    if (isOf(type, error)) return error
    throw error
  }
  throw new Error('the call did not fail')
}

function isOf<Class extends abstract new (...args: never[]) => Error>(
  type: Class,
  error: unknown,
): error is InstanceType<Class> {
  return error instanceof type
}
