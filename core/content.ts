/** A text as it is stored, and its media type. */
export type Content = { text: string; mediaType: 'application/json' | 'text/markdown' }

/** What to store of what a caller gave: an object is JSON, as is a text that is an object or a list; other texts are Markdown. */
export function readContent(given: unknown): Content {
  if (typeof given !== 'string') return { text: JSON.stringify(given), mediaType: 'application/json' }
  return { text: given, mediaType: parseObject(given) ? 'application/json' : 'text/markdown' }
}

/** The object or list that the text is as JSON; undefined if it is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const MAX_SHOWN_CHARACTERS = 60

/** Why a text that a run would name cannot be read by the other party; undefined if it is a URI. */
export function complaintOfUri(text: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:\S+$/i.test(text)) return undefined
  const shown = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text
  return `${JSON.stringify(shown)} is no URI, such as ipfs://… or https://…: the other party could not read it.`
}
