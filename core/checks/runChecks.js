// What a delivery fails of the checks of its brief. This is JavaScript because the board's pages load it, too: a browser cannot
// strip types. The validator interprets the schema, so that no page needs a policy that allows code from text.
import { Validator } from '@cfworker/json-schema'

const MAX_REASON_CHARACTERS = 300

/** Of CIDs: the digits of base32, and the bytes before the hash: version 1, codec raw, sha2-256, 32 bytes. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const CID_PREFIX = '01551220'
/** A CID has 288 bits, and 58 digits of 5 bits. */
const PADDING_BITS = 2n

/** The sha256 that a CID names in hexadecimal; undefined if it is another CID than those that the API stores by. @param {string} uri */
function digestOf(uri) {
  const digits = uri.replace('ipfs://b', '')
  if (!/^[a-z2-7]{58}$/.test(digits)) return undefined
  const bits = [...digits].reduce((sum, digit) => sum * 32n + BigInt(BASE32.indexOf(digit)), 0n)
  const hex = (bits >> PADDING_BITS).toString(16).padStart(72, '0')
  return hex.startsWith(CID_PREFIX) ? hex.slice(CID_PREFIX.length) : undefined
}

/** In one line, because keys and values of others are in it. @param {string} text */
const shorten = (text) => text.replaceAll(/\s+/g, ' ').slice(0, MAX_REASON_CHARACTERS)

/** @param {Record<string, unknown>} schema @param {string} text */
function complaintOfJson(schema, text) {
  let value
  try {
    value = JSON.parse(text)
  } catch {
    return 'the delivery is no JSON'
  }
  try {
    const { errors } = new Validator(schema, '2020-12').validate(value)
    // The last one is about the innermost value.
    const error = errors.at(-1)
    return error && shorten(`${error.instanceLocation}: ${error.error}`)
  } catch (error) {
    // A delivery that is nested a thousand levels deep, or fails a hundred thousand times, exceeds the stack.
    if (error instanceof RangeError) return 'the delivery is nested too deep, or fails in too many places'
    if (error instanceof URIError) return 'the delivery has a key with half a surrogate pair, which is no text'
    throw error
  }
}

/**
 * The checks of a brief by name, each with why the delivery fails it; undefined where it passes. Those of URLs are absent.
 * @param {import('./checksSchema.ts').Checks} checks that `checksSchema` accepts.
 * @param {{ uri: string, text: string }} delivery whose text hashes to its URI.
 * @returns {{ name: string, complaint: string | undefined }[]}
 */
export function runChecks({ schema, sha256, minBytes, maxBytes }, { uri, text }) {
  const bytes = new TextEncoder().encode(text).length
  const size = `the delivery has ${bytes} bytes`
  return [
    schema && { name: 'JSON Schema', complaint: complaintOfJson(schema, text) },
    sha256 && {
      name: `sha256 ${sha256}`,
      complaint: digestOf(uri) === sha256 ? undefined : `the delivery has sha256 ${digestOf(uri)}`,
    },
    minBytes !== undefined && { name: `at least ${minBytes} bytes`, complaint: bytes < minBytes ? size : undefined },
    maxBytes !== undefined && { name: `at most ${maxBytes} bytes`, complaint: bytes > maxBytes ? size : undefined },
  ].filter((check) => typeof check === 'object')
}
