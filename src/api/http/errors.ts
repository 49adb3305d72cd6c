/**
 * Every problem code of this API, with its HTTP status and RFC 9457 title. Clients switch on the code, so it never
 * changes its meaning.
 */
export const problemTypes = {
  VALIDATION_FAILED: { status: 400, title: 'The request is malformed' },
  TERMS_REFUSED: { status: 400, title: 'The contract does not allow such terms' },
  RUN_NOT_OPEN: { status: 400, title: 'The run is not open' },
  RUN_DEADLINE_PASSED: { status: 400, title: 'The run can no longer be claimed' },
  SIGNATURE_REQUIRED: { status: 401, title: 'The claim needs the signature of the wallet' },
  INVALID_SIGNATURE: { status: 401, title: 'The signature is not the account’s signature of this message' },
  WALLET_NOT_DEPLOYED: { status: 401, title: 'The wallet is not deployed' },
  SIGNATURE_EXPIRED: { status: 401, title: 'The signature has expired, or its deadline is too far ahead' },
  REWARD_TOO_LOW: { status: 403, title: 'Nothing about runs with so small a reward is relayed' },
  INSUFFICIENT_STAKE: { status: 403, title: 'The agent’s stake is too small' },
  INSUFFICIENT_UNLOCKED_STAKE: { status: 403, title: 'Too much of the agent’s stake is locked in other runs' },
  AGENT_FROZEN: { status: 403, title: 'The agent is frozen' },
  AGENT_BANNED: { status: 403, title: 'The agent is banned' },
  NOT_CLAIMANT: { status: 403, title: 'Only another wallet may claim the run' },
  WALLET_MISMATCH: { status: 403, title: 'The wallet is not the agent’s wallet' },
  SIGNER_MISMATCH: { status: 403, title: 'The signer is not the party that may do this' },
  CONTENT_BLOCKED: { status: 403, title: 'The operator has taken the content down' },
  INSUFFICIENT_BALANCE: { status: 403, title: 'The account has too little USDC' },
  RUN_NOT_FOUND: { status: 404, title: 'No such run' },
  AGENT_NOT_FOUND: { status: 404, title: 'No such agent' },
  CLAIM_NOT_FOUND: { status: 404, title: 'No such claim' },
  ACTION_NOT_FOUND: { status: 404, title: 'No such action' },
  CONTENT_NOT_FOUND: { status: 404, title: 'The content is not stored here' },
  ROUTE_NOT_FOUND: { status: 404, title: 'No such route' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not answer this method' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request arrives too slowly' },
  CLAIM_REVERTED: { status: 409, title: 'The claim reverted on chain' },
  APPLICATION_REFUSED: { status: 409, title: 'The run or the agent takes no further application' },
  WRONG_STATE: { status: 409, title: 'The state of the run does not allow the action' },
  WRONG_REVISION: { status: 409, title: 'The message is about another revision' },
  REVIEW_PERIOD_OVER: { status: 409, title: 'The run can no longer be reviewed' },
  NO_REVISIONS_LEFT: { status: 409, title: 'No further revision can be requested' },
  REVISIONS_LEFT: { status: 409, title: 'The poster must request revisions before it may reject' },
  RUN_CLOSING: { status: 409, title: 'The run is closed already' },
  SUBMISSION_OVERDUE: { status: 409, title: 'The claim can no longer be abandoned' },
  TOO_EARLY: { status: 409, title: 'The time for this has not come' },
  NOTHING_OWED: { status: 409, title: 'The market owes nothing to the account' },
  OWNER_MISMATCH: { status: 409, title: 'Another account owns the agent' },
  STAKE_LOCKED: { status: 409, title: 'Live runs need the stake' },
  WRONG_NONCE: { status: 409, title: 'The message is about another withdrawal' },
  AUTHORIZATION_USED: { status: 409, title: 'The authorization was used or canceled' },
  USDC_REFUSED: { status: 409, title: 'USDC refuses the payment' },
  ACTION_REVERTED: { status: 409, title: 'The action reverted on chain' },
  REGISTRATION_UNSUPPORTED: { status: 409, title: 'The registry registers its caller only' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The media type of the body is not accepted' },
  IDEMPOTENCY_CONFLICT: { status: 422, title: 'The idempotency key was used for another request' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  CLAIM_PENDING: { status: 503, title: 'Another claim of the run is not decided yet' },
  ACTION_PENDING: { status: 503, title: 'Another action of the party about the same is not decided yet' },
  INDEX_BEHIND: { status: 503, title: 'The index is catching up with the chain' },
  NODE_UNAVAILABLE: { status: 503, title: 'The chain cannot be read now' },
  RELAY_UNAVAILABLE: { status: 503, title: 'Nothing can be relayed now' },
  CONTENT_UNAVAILABLE: { status: 503, title: 'No content can be stored or read now' },
  STREAMS_UNAVAILABLE: { status: 503, title: 'The server has too many streams' },
  INTERNAL: { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problemTypes

type Extras = {
  /** Members beyond the RFC's own, such as `field` or `holder`. JSON values, so no bigint. */
  extensions?: Record<string, unknown>
  headers?: Record<string, string>
  /** Logged, never sent. */
  cause?: unknown
}

/** A refusal, which becomes an `application/problem+json` answer. `detail` is a sentence for a person. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly extensions: Record<string, unknown>
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, detail: string, { extensions = {}, headers = {}, cause }: Extras = {}) {
    super(detail, { cause })
    this.name = 'Problem'
    this.code = code
    this.extensions = extensions
    this.headers = headers
  }

  get status() {
    return problemTypes[this.code].status
  }

  /** The members of RFC 9457, `code`, and those that only this problem has. */
  toJSON() {
    const { code, status, message, extensions } = this
    const { title } = problemTypes[code]
    return { type: `urn:problem-type:runline:${code}`, title, status, detail: message, code, ...extensions }
  }
}

/** Why a contract refuses, as the functions of `core/market` explain its error. */
type Explained = { code: ProblemCode; sentence: string; extensions: Record<string, unknown> }

/** The problem of what a contract refuses. */
export const refusedBy = ({ code, sentence, extensions }: Explained, headers?: Record<string, string>) =>
  new Problem(code, sentence, { extensions, ...(headers && { headers }) })

const MAX_SHOWN_CHARACTERS = 120

/** A text of a request, as far as answers repeat it. */
export const shorten = (text: string): string =>
  text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text

/** The problem of a malformed request, which repeats the refused text, shortened. */
export function refusedValue(field: string, complaint: string, text: string): Problem {
  const value = shorten(text)
  const extensions = { field, value }
  return new Problem('VALIDATION_FAILED', `${field}: ${complaint}, got ${JSON.stringify(value)}.`, { extensions })
}

/** For a `catch` that ignores refusals, such as those of an index that cannot be read. @throws any other error. */
export function unlessProblem(error: unknown): undefined {
  if (!(error instanceof Problem)) throw error
}
