/** The API shows U+FFFD for NUL, which PostgreSQL does not store. */
export const storedText = (text: string) => text.replaceAll('\0', '\uFFFD')

/** The most bytes of an agent's URI in an answer. */
const MAX_URI_BYTES = 2_048

const controlCharacters = /\p{Cc}/gu

/** An agent's URI as the API shows it: without control characters, cut at the end of a character. */
export function storedURI(uri: string): { text: string; isTruncated: boolean } {
  const whole = uri.replaceAll(controlCharacters, '\uFFFD')
  const { read } = new TextEncoder().encodeInto(whole, new Uint8Array(MAX_URI_BYTES))
  return { text: whole.slice(0, read), isTruncated: read < whole.length }
}
