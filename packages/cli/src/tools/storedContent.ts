import { concatHex, sha256, stringToBytes } from 'viem'
import { contentRequest, readContent } from '../../../../src/api/mcp/content.ts'
import type { SendToApi } from '../../../../src/api/mcp/sendToApi.ts'
import { type Problem, ProblemError } from '../../../client/src/index.ts'
import { CommandError } from '../commandError.ts'
import type { Given } from './tool.ts'

/**
 * The URI that a model gave, or that of the content that it gave instead, once that is stored.
 * @param name the input that is the URI.
 * @throws CommandError unless one of the two is given, or if the API names other content: nothing is signed then. ProblemError with
 * the refusal of the API.
 */
export async function readUri(given: Given, name: string, send: SendToApi): Promise<string> {
  const { [name]: uri, content } = given
  if ((uri === undefined) === (content === undefined))
    throw new CommandError('VALIDATION_FAILED', `Give ${name} or content, and not both.`)
  return content === undefined ? String(uri) : store(content, send)
}

async function store(given: unknown, send: SendToApi): Promise<string> {
  const content = readContent(given)
  const response = await send('/api/content', contentRequest(content))
  if (!response.ok) throw new ProblemError((await response.json()) as Problem, response.headers)
  const { uri } = (await response.json()) as { uri: string }
  const expected = contentUri(content.text)
  if (uri === expected) return uri
  const message = `The API names ${uri} for content whose URI is ${expected}. Nothing was signed.`
  throw new CommandError('UNEXPECTED_CONTENT', message, { kind: 'refused' })
}

/** Before the hash in a CID: version 1, codec raw, sha2-256, 32 bytes. */
const CID_PREFIX = '0x01551220'

/** The digits of base32 in CIDs, in the order of those of JavaScript's numbers. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** A CID has 288 bits, and 58 digits of 5 bits. */
const PADDING_BITS = 2n

/** The URI of a text as the API stores it, computed here because the API may lie. Its CID is version 1 in base32. */
export function contentUri(text: string): string {
  const cid = BigInt(concatHex([CID_PREFIX, sha256(stringToBytes(text))])) << PADDING_BITS
  const digits = cid.toString(32).padStart(58, '0')
  return `ipfs://b${digits.replaceAll(/./g, (digit) => BASE32.charAt(Number.parseInt(digit, 32)))}`
}
