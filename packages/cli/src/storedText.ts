import { isProblem, type RunlineClient } from '../../client/src/index.ts'

/**
 * The text that the API stores by the URI of a run; null if it stores none, or an operator has taken it down.
 * @throws what the read throws, also CONTENT_UNAVAILABLE if the API cannot read its store now.
 */
export async function storedText(content: RunlineClient['content'], uri: string | null): Promise<string | null> {
  if (!uri?.startsWith('ipfs://')) return null
  try {
    return (await content.get(uri)).text
  } catch (error) {
    if (isProblem(error, 'CONTENT_NOT_FOUND', 'CONTENT_BLOCKED', 'VALIDATION_FAILED')) return null
    throw error
  }
}

/** The lines of a text, below what names it. */
export const indented = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
