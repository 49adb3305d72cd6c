import { BaseError } from 'viem'

/** A node may answer with a page of HTML. */
const MAX_TEXT_CHARACTERS = 1_000

/** How many nested causes are described, and how many errors of an AggregateError. */
const MAX_CAUSES = 8

/** A URL in a sentence, in HTML or in JSON. */
const url = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>\\]+)/gi

/** Hexadecimal text longer than a hash: a signature, a signed transaction, the input of a call. */
const longHex = /\b(0x)?([0-9a-f]{65,})\b/gi

/** Members of Node's, PostgreSQL's and viem's errors that help an operator and contain nothing of a request. */
const members = ['code', 'status', 'syscall', 'address', 'port', 'severity', 'table', 'constraint', 'routine'] as const

export type Description = {
  type: string
  message: string
  stack?: string
  cause?: Description
  errors?: Description[]
} & Partial<Record<(typeof members)[number], string | number>>

/**
 * Describes an error and its causes for the log. viem's errors contain the URL of the node, in which providers put
 * their keys, and the body of the request, with signatures and signed transactions; a node may repeat either. So only
 * the members named here are logged, and texts are redacted.
 */
export function describeError(error: unknown, depth = MAX_CAUSES): Description {
  if (!isErrorLike(error)) return { type: typeof error, message: redact(String(error)) }
  const description: Description = { type: nameOf(error), message: redact(messageOf(error)) }
  for (const member of members) {
    const value = error[member]
    if (typeof value === 'number') description[member] = value
    else if (typeof value === 'string') description[member] = redact(value)
  }
  const frames = framesOf(error)
  if (frames) description.stack = `${description.type}: ${description.message}\n${frames}`
  if (depth === 0) return description
  if (error.cause !== undefined) description.cause = describeError(error.cause, depth - 1)
  if (Array.isArray(error.errors)) {
    description.errors = error.errors.slice(0, MAX_CAUSES).map((each) => describeError(each, depth - 1))
  }
  return description
}

/** The messages of an error and its causes, redacted, for a person. */
export const reasonOf = (error: unknown): string => joinMessages(describeError(error))

const joinMessages = ({ message, cause }: Description): string =>
  cause === undefined ? message : `${message.replace(/[.]$/, '')}: ${joinMessages(cause)}`

/** The text without user-info, path and query of its URLs, and without signatures and signed transactions. */
function redact(text: string): string {
  // Drops the last word, because half of a URL would not be recognised as one.
  const kept = text.length > MAX_TEXT_CHARACTERS ? text.slice(0, MAX_TEXT_CHARACTERS).replace(/\S*$/, '…') : text
  return kept.replace(url, shortenUrl).replace(longHex, shortenHex)
}

function shortenUrl(whole: string, scheme: string, rest: string): string {
  if (scheme === 'file://') return whole
  const authority = rest.split(/[/?#]/, 1)[0] ?? ''
  return scheme + authority.slice(authority.lastIndexOf('@') + 1)
}

const shortenHex = (_: string, prefix = '', digits: string) => `${prefix}…(${Math.ceil(digits.length / 2)} bytes)`

type ErrorLike = { message: string } & Record<string, unknown>

/** An error that a node returned is a plain object, not an Error. */
const isErrorLike = (value: unknown): value is ErrorLike =>
  typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'

const nameOf = ({ name }: ErrorLike) => (typeof name === 'string' ? name : 'Object')

/** viem's full message repeats the request, and its details repeat the cause. */
function messageOf(error: ErrorLike): string {
  if (!(error instanceof BaseError)) return error.message
  return error.cause === undefined && error.details ? `${error.shortMessage} ${error.details}` : error.shortMessage
}

/** The lines of a stack after the message, which may have several lines itself. */
function framesOf({ stack }: ErrorLike): string | undefined {
  if (typeof stack !== 'string') return undefined
  const frames = stack.split('\n').filter((line) => /^\s+at \S/.test(line))
  return frames.map(redact).join('\n')
}
