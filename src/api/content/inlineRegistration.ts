import { z } from 'zod'
import { text } from './brief.ts'
import { readJson } from './checkContent.ts'
import { type Registration, registrationOf } from './registration.ts'

const jsonUri = /^data:application\/json(?:;[^,;]*)*?(;base64)?,(.*)$/is

/** What the board shows besides, as text: an image or endpoint that it loaded would give its author the reader's address. */
const shownSchema = z.object({
  services: z.array(z.object({ name: text, endpoint: text })).catch([]),
  image: text.nullish().catch(null),
})

/**
 * The registration file that the URI itself contains, as ERC-8004 recommends for files on chain. Nothing is fetched.
 * @returns undefined if there is none that could be stored: a long URI is cut, and its JSON is then not valid.
 */
export function inlineRegistration(uri: string | null): (Registration & z.infer<typeof shownSchema>) | undefined {
  const [, base64, data] = jsonUri.exec(uri ?? '') ?? []
  const bytes = data && bytesOf(data, base64 !== undefined)
  const json = bytes ? readJson(bytes) : undefined
  if (!json || 'complaint' in json) return undefined
  const registration = registrationOf(json.value)
  return registration && { ...registration, ...shownSchema.parse(json.value) }
}

function bytesOf(data: string, isBase64: boolean): Uint8Array | undefined {
  try {
    const decoded = decodeURIComponent(data)
    return isBase64 ? Uint8Array.from(atob(decoded), (char) => char.charCodeAt(0)) : new TextEncoder().encode(decoded)
  } catch {
    return undefined
  }
}
