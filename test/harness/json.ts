/** The JSON of a response, taken to have the shape that the test goes on to check. */
export async function readJson<Shape>(response: Response): Promise<Shape> {
  return (await response.json()) as Shape
}
