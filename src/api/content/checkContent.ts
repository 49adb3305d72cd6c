import { refusalOf } from '../http/validation.ts'
import { type Brief, readBrief } from './brief.ts'
import { type Registration, registrationOf } from './registration.ts'

/** A type that says more about the same bytes comes first. */
export const mediaTypes = ['application/json', 'text/markdown', 'text/plain'] as const

export type MediaType = (typeof mediaTypes)[number]

/** The deepest nesting of JSON that is stored. Parsers of readers may be recursive. */
const MAX_DEPTH = 32

const NOT_UTF_8 = 'is not valid UTF-8'

/** What JSON is: a brief, or `briefComplaint` says why not; and a registration file. */
type Checked = { brief: Brief | undefined; briefComplaint?: string; registration?: Registration | undefined }

/**
 * Checks that bytes are what their media type says.
 * @returns why they are not, for a sentence about the body, or what they are.
 */
export function checkContent(mediaType: MediaType, bytes: Uint8Array): Checked | { complaint: string } {
  if (bytes.length === 0) return { complaint: 'must not be empty' }
  if (mediaType !== 'application/json') {
    return decode(bytes) === undefined ? { complaint: NOT_UTF_8 } : { brief: undefined }
  }
  const json = readJson(bytes)
  if ('complaint' in json) return json
  const { data: brief, error } = readBrief(json.value)
  return {
    brief,
    ...(error && { briefComplaint: refusalOf(error, json.value).message }),
    registration: registrationOf(json.value),
  }
}

/** The value of JSON that may be stored, or why it may not. */
export function readJson(bytes: Uint8Array): { value: unknown } | { complaint: string } {
  const text = decode(bytes)
  if (text === undefined) return { complaint: NOT_UTF_8 }
  const json = parse(text)
  if (json === undefined) return { complaint: 'is not valid JSON' }
  return depthOf(text) > MAX_DEPTH ? { complaint: `must not be nested deeper than ${MAX_DEPTH} levels` } : json
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** How deep objects and arrays are nested. @param json valid JSON: each of its strings ends, so this takes linear time. */
function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth)
    else if (token === ']' || token === '}') depth--
  }
  return deepest
}
