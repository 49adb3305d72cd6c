import { z } from '@hono/zod-openapi'
import { accountErrorCodes } from '../../../core/market/accountErrors.ts'
import { actionErrorCodes, explainRunError, type RunError } from '../../../core/market/actionErrors.ts'
import { claimErrorCodes, explainClaimError } from '../../../core/market/contractErrors.ts'
import { openErrorCodes } from '../../../core/market/openErrors.ts'
import { Problem, type ProblemCode, refusedBy, refusedValue } from '../http/errors.ts'
import { address, amount, hash, id, orNull, time } from '../http/values.ts'
import { exampleCid } from './content.ts'
import { claimTypedDataSchema, pascalCase } from './messages.ts'
import { stateSchema } from './run.ts'

const seconds = z
  .string()
  .regex(/^[0-9]+$/)
  .openapi({ description: 'Seconds since 1970.' })

const decimal = z.string().regex(/^[0-9]+$/)

const reverted = {
  revertData: z.string().nullable().optional(),
  txHash: hash.optional(),
  blockNumber: z.int().optional(),
  gas: z.string().optional(),
  gasLimit: z.string().optional(),
}

/** The members that only problems with the code have. */
const members: { [Code in ProblemCode]?: z.ZodRawShape } = {
  VALIDATION_FAILED: {
    field: z.string().openapi({ description: 'The refused parameter or member of the body.' }),
    value: z.unknown().optional().openapi({ description: 'The refused value, shortened.' }),
  },
  RUN_NOT_OPEN: {
    state: stateSchema,
    claimedBy: orNull(id).openapi({ description: 'The agent that has the run; null if none has.' }),
    holder: address.nullable().openapi({ description: 'The wallet of that agent at its claim.' }),
  },
  RUN_DEADLINE_PASSED: { deadline: time },
  SIGNATURE_REQUIRED: {
    typedData: claimTypedDataSchema.optional().openapi({
      description: 'What to sign. Absent if the relayer may not claim without a signature: then ask claim-message.',
    }),
  },
  INVALID_SIGNATURE: {
    round: z
      .int()
      .optional()
      .openapi({ description: 'The round of the run that a signature must name now. Absent without a run.' }),
  },
  SIGNATURE_EXPIRED: {
    deadline: seconds,
    latest: seconds.optional().openapi({ description: 'The latest deadline that is accepted now, if it is later.' }),
  },
  REWARD_TOO_LOW: { reward: amount, required: amount },
  CONTENT_BLOCKED: { cid: z.string() },
  CONTENT_NOT_FOUND: { cid: z.string() },
  INSUFFICIENT_STAKE: { stakedAmount: amount, required: amount },
  INSUFFICIENT_UNLOCKED_STAKE: { unlockedAmount: amount, required: amount },
  NOT_CLAIMANT: { walletAddress: address, claimant: address },
  WALLET_MISMATCH: { walletAddress: address, expected: address },
  RUN_NOT_FOUND: { bountyId: id },
  AGENT_NOT_FOUND: { agentId: id },
  CLAIM_REVERTED: reverted,
  CLAIM_PENDING: { claimId: hash },
  SIGNER_MISMATCH: {
    signer: address,
    expected: z.array(address).openapi({ description: 'The accounts of which one must sign.' }),
  },
  WRONG_STATE: { state: stateSchema },
  WRONG_REVISION: {
    revision: z.int(),
    expected: z.int().openapi({ description: 'The revision that a message must name now.' }),
  },
  REVIEW_PERIOD_OVER: { reviewBy: time },
  NO_REVISIONS_LEFT: { revisions: z.int(), maximum: z.int() },
  REVISIONS_LEFT: { revisions: z.int(), required: z.int() },
  SUBMISSION_OVERDUE: { submitBy: time },
  ACTION_REVERTED: reverted,
  REGISTRATION_UNSUPPORTED: { registry: address },
  ACTION_PENDING: { actionId: hash },
  TOO_EARLY: { after: time.openapi({ description: 'The last second at which it is too early.' }) },
  OWNER_MISMATCH: { owner: address, expected: address },
  TERMS_REFUSED: { field: z.string().openapi({ description: 'The member of the body that the contract refuses.' }) },
  INSUFFICIENT_BALANCE: { balance: amount.optional(), required: amount.optional() },
  STAKE_LOCKED: { remaining: amount, required: amount },
  WRONG_NONCE: {
    nonce: decimal,
    expected: decimal.openapi({ description: 'The nonce of the next withdrawal or naming.' }),
  },
  INDEX_BEHIND: { indexedBlock: z.int().optional() },
}

const wallet = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const other = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
const claimId = `0x${'9a'.repeat(32)}`
/** 2024-01-20T12:00:00Z, in seconds. */
const deadline = 1_705_752_000n

/** The problem of a claim or action that the contract refuses, in the words of a real answer. */
const refused = (error: RunError) => refusedBy(explainRunError(error))

const examples = [
  refusedValue('minBlock', 'must be a block number of at most 16 digits', 'latest'),
  refusedBy(explainClaimError({ errorName: 'BountyNotOpen', args: [1n, 3] }, { agentId: 1n, wallet })),
  refused({ errorName: 'BountyDeadlinePassed', args: [1n, deadline, deadline + 1n] }),
  new Problem(
    'SIGNATURE_REQUIRED',
    `Sign typedData with ${wallet} and send the claim again with signature and deadline.`,
  ),
  refused({ errorName: 'InvalidSignature', args: [1n, wallet, 1n] }),
  new Problem('WALLET_NOT_DEPLOYED', `${wallet} has no code. Deploy it, or sign with a key.`),
  refused({ errorName: 'SignatureExpired', args: [deadline, deadline + 1n] }),
  new Problem(
    'REWARD_TOO_LOW',
    'Run 1 pays 0.01 USDC, and claims are relayed from 0.5 USDC on. Send it with the wallet.',
  ),
  refused({ errorName: 'InsufficientStake', args: [1n, 5_000_000n, 20_000_000n] }),
  refused({ errorName: 'InsufficientUnlockedStake', args: [1n, 0n, 10_000_000n] }),
  refused({ errorName: 'AgentIsFrozen', args: [1n] }),
  refused({ errorName: 'AgentIsBanned', args: [1n] }),
  refused({ errorName: 'NotClaimant', args: [1n, other, wallet] }),
  refused({ errorName: 'NotAgentWallet', args: [1n, other, wallet] }),
  refused({ errorName: 'BountyNotFound', args: [1n] }),
  refused({ errorName: 'AgentNotFound', args: [1n] }),
  new Problem('CLAIM_NOT_FOUND', `No transaction was ever signed for a claim ${claimId}.`),
  new Problem('ACTION_NOT_FOUND', `No transaction was ever signed for an action ${claimId}.`),
  new Problem('CONTENT_BLOCKED', `The operator of this server has taken ${exampleCid} down.`),
  new Problem('CONTENT_NOT_FOUND', `${exampleCid} is not stored here. This server fetches nothing from elsewhere.`),
  new Problem('ROUTE_NOT_FOUND', 'There is no /api/nothing here. See /docs.'),
  new Problem('METHOD_NOT_ALLOWED', '/api/stats answers GET, HEAD, not DELETE.'),
  new Problem('REQUEST_TIMEOUT', 'The request is too slow: send the headers within 5 s and all of it within 10 s.'),
  new Problem('IDEMPOTENCY_CONFLICT', 'Idempotency-Key 7 was used for another request. Use a key for each body.'),
  new Problem('CLAIM_REVERTED', 'The claim reverts on chain for a reason unknown to this API.'),
  new Problem('APPLICATION_REFUSED', 'Run 1 takes no applications: any wallet may claim it.'),
  refused({ errorName: 'NotClaimingWallet', args: [1n, other, wallet] }),
  refused({ errorName: 'InvalidState', args: [1n, 2] }),
  refused({ errorName: 'WrongRevision', args: [1n, 0n, 1n] }),
  refused({ errorName: 'ReviewPeriodOver', args: [1n, deadline, deadline + 1n] }),
  refused({ errorName: 'NoRevisionsLeft', args: [1n, 3n, 3n] }),
  refused({ errorName: 'RevisionsLeft', args: [1n, 1n, 3n] }),
  refused({ errorName: 'BountyIsClosing', args: [1n] }),
  refused({ errorName: 'SubmissionOverdue', args: [1n, deadline, deadline + 1n] }),
  new Problem('ACTION_REVERTED', 'The action reverts on chain for a reason unknown to this API.'),
  new Problem(
    'REGISTRATION_UNSUPPORTED',
    `The registry ${other} registers its caller only, and the market has no AgentRegistrar. Call \`register\` of it ` +
      'with the owner’s account, or with another, which then transfers the agent.',
  ),
  new Problem(
    'ACTION_PENDING',
    `The action start of ${wallet} about run 1 is not decided yet, ${claimId}. Send this one again.`,
  ),
  new Problem('TOO_EARLY', 'This can be done about run 1 after 2024-01-20T12:00:00.000Z.'),
  new Problem('NOTHING_OWED', `The market owes nothing to ${wallet}.`),
  new Problem('OWNER_MISMATCH', `${other} does not own agent 1; ${wallet} does.`),
  new Problem('TERMS_REFUSED', 'The reward 0.001 USDC must be from 0.01 USDC to 1000000000 USDC.'),
  new Problem('INSUFFICIENT_BALANCE', `${wallet} has 5 USDC; 105 USDC are required.`),
  new Problem('STAKE_LOCKED', 'Agent 1 would have 5 USDC left at stake; its runs require 20 USDC.'),
  new Problem('WRONG_NONCE', 'The message is about withdrawal 0 of agent 1; 1 is the next.'),
  new Problem(
    'AUTHORIZATION_USED',
    'The payer has canceled the authorization, or it was used long ago. Sign a new message.',
  ),
  new Problem('USDC_REFUSED', 'USDC refuses the payment: Blacklistable: account is blacklisted.'),
  new Problem('PAYLOAD_TOO_LARGE', 'The body must not exceed 32768 bytes.'),
  new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.'),
  new Problem('RATE_LIMITED', '203.0.113.7 may send 3000 claims a minute. Try again in 1 s.'),
  new Problem('HEADERS_TOO_LARGE', 'The headers must not exceed 16384 bytes.'),
  new Problem(
    'CLAIM_PENDING',
    `Claim ${claimId} of run 1 is not decided yet. If it fails, this claim can still win: send it again.`,
  ),
  new Problem('INDEX_BEHIND', 'The index is at block 1234, before minBlock 1300.'),
  new Problem('NODE_UNAVAILABLE', 'The node does not answer at block 1234.'),
  new Problem('RELAY_UNAVAILABLE', 'This server relays no claims.'),
  new Problem('CONTENT_UNAVAILABLE', 'The store of content is full.'),
  new Problem('STREAMS_UNAVAILABLE', 'This server has 20000 open streams.'),
  new Problem('INTERNAL', 'The request failed because of an error in this server.'),
]

/** The schema of the problems with the code. */
function schemaOf({ code, status, message }: Problem): z.ZodObject {
  return z
    .object({
      type: z.literal(`urn:problem-type:runline:${code}`),
      title: z.string(),
      status: z.literal(status),
      detail: z.string().openapi({ example: message }),
      code: z.literal(code),
      ...members[code],
    })
    .openapi(`${pascalCase(code)}Problem`)
}

const schemas = Object.fromEntries(examples.map((problem) => [problem.code, schemaOf(problem)])) as Record<
  ProblemCode,
  z.ZodObject
>

/** The schema of a problem with one of the codes. */
export function problemSchema(codes: readonly ProblemCode[]) {
  const [first, ...others] = codes.map((code) => schemas[code]) as [z.ZodObject, ...z.ZodObject[]]
  return others.length === 0 ? first : z.union([first, ...others])
}

/** The codes with which the chain refuses a claim, before or after its transaction was sent. */
export const claimRefusals = [...claimErrorCodes, 'WALLET_NOT_DEPLOYED', 'CLAIM_REVERTED'] as const

/** The codes with which the chain refuses an action about a run, before or after its transaction was sent. */
export const actionRefusals = [...actionErrorCodes, 'WALLET_NOT_DEPLOYED', 'ACTION_REVERTED'] as const

/** The codes with which the chain refuses an action of an account, before or after its transaction was sent. */
export const accountRefusals = [...accountErrorCodes, 'WALLET_NOT_DEPLOYED', 'ACTION_REVERTED'] as const

/** The codes with which the chain refuses a call that anyone may ask for. */
export const openRefusals = [...openErrorCodes, 'ACTION_REVERTED'] as const
