/** What a model reads about the input. */
export const contentInput = {
  type: ['object', 'string'],
  description: 'Instead of the URI: JSON or text, which is stored for all to read.',
}

/** A text as it is stored, and its media type. */
type Content = { text: string; mediaType: 'application/json' | 'text/markdown' }

/** What to store of what a model gave: an object is JSON, as is a text that is an object or a list; other texts are Markdown. */
export function readContent(given: unknown): Content {
  if (typeof given !== 'string') return { text: JSON.stringify(given), mediaType: 'application/json' }
  return { text: given, mediaType: isJson(given) ? 'application/json' : 'text/markdown' }
}

/** The request of `POST /api/content` that stores it, which is safe to repeat. Its answer has the `uri`. */
export const contentRequest = ({ text, mediaType }: Content): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': mediaType },
  body: text,
})

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
