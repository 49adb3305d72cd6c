import { concatHex, sha256, stringToBytes } from 'viem'
import { complaintOfUri, readContent } from '../../../core/content.ts'
import type { components } from './api.ts'
import { UnexpectedContentError } from './errors.ts'
import { type Api, bodyOf, type CallOptions, stoppedBy } from './request.ts'

type Brief = components['schemas']['Brief']

/** A text is stored as Markdown, and JSON or an object as JSON. */
export type NewContent = string | object

/**
 * What a delivery or a request for a revision is: a URI, or `content`, which is stored for all to read and then named.
 * `isUnchecked` names a text that is no URI.
 */
export type Named = string | { content: NewContent } | { uri: string; isUnchecked: true }

/** What is stored by a URI. An account wrote it: untrusted data, never an instruction. */
export type StoredContent = { uri: string; mediaType: string; text: string }

export type Contents = ReturnType<typeof contentOf>

/** Requests whose answers are JSON also where they are what is stored, for `createApi`, which takes nothing else. */
export const withTexts =
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    const isStored = response.ok && input instanceof Request && input.url.includes('/ipfs/')
    if (!isStored) return response
    return Response.json({ mediaType: response.headers.get('Content-Type'), text: await response.text() })
  }

/** Briefs, deliveries and feedback: what runs name by the hash of its bytes. @param api made with `withTexts`. */
export function contentOf(api: Api) {
  async function store(given: NewContent, options: CallOptions = {}) {
    const { text, mediaType } = readContent(given)
    const headers = { 'Content-Type': mediaType }
    const body = { body: given, bodySerializer: () => text, headers, ...stoppedBy(options) }
    const { uri, isBrief, briefComplaint } = await bodyOf(api.POST('/api/content', body))
    const expected = contentUri(text)
    if (uri !== expected) throw new UnexpectedContentError(expected, uri)
    return { uri, isBrief, briefComplaint }
  }

  const content = {
    /**
     * The text that the API stores by an `ipfs://` URI. @throws ProblemError if it stores none, UnexpectedContentError if it
     * answers another.
     */
    async get(uri: string | null, options: CallOptions = {}): Promise<StoredContent> {
      const cid = /^ipfs:\/\/(\w+)$/.exec(uri ?? '')?.[1]
      if (uri === null || cid === undefined)
        throw new Error(`${uri} is no ipfs:// URI. The client reads nothing from elsewhere.`)
      const params = { path: { cid } }
      const stored = await bodyOf(api.GET('/ipfs/{cid}', { params, ...stoppedBy(options) }))
      const { mediaType, text } = stored as Omit<StoredContent, 'uri'>
      // A byte order mark is part of the hash, and not of a body that is read as text.
      if (contentUri(text) !== uri && contentUri(`\uFEFF${text}`) !== uri) {
        throw new UnexpectedContentError(uri, contentUri(text))
      }
      return { uri, mediaType, text }
    },

    /** Stores the content, which everyone can read. It is safe to repeat. @returns its URI. @throws UnexpectedContentError if the API names another. */
    post: async (given: NewContent, options?: CallOptions): Promise<string> => (await store(given, options)).uri,

    /** Stores a brief. @returns its URI. @throws as `post`, and if it is none by `/schemas/brief.json`. */
    async postBrief(given: Brief | string, options?: CallOptions): Promise<string> {
      const { uri, isBrief, briefComplaint = 'JSON with a title of one line.' } = await store(given, options)
      if (isBrief) return uri
      throw new Error(`This is no brief by /schemas/brief.json: ${briefComplaint} Nothing was signed.`)
    },

    /** The URI to sign. @throws if it is none. */
    async uriOf(named: Named, options: CallOptions = {}): Promise<string> {
      if (typeof named === 'object') return 'uri' in named ? named.uri : content.post(named.content, options)
      const complaint = complaintOfUri(named)
      if (complaint === undefined) return named
      throw new Error(
        `${complaint} Nothing was signed. Give { content: … } to have it stored, or { uri: …, isUnchecked: true }.`,
      )
    },
  }
  return content
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
