import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { type Hex, parseEther } from 'viem'
import { parseEnv } from '../../../core/env.ts'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import type { RelaySettings } from '../../../src/api/relay/contexts.ts'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import { UNSIGNED } from '../../../src/api/relay/kinds/request.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import { createRelay, type Relay } from '../../../src/api/relay/relay.ts'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import type { TestChain } from '../../support/market.ts'
import type { Agent, Participants } from '../../support/participants.ts'

export const relayer = accountOf(roles.relayer)

/** Addresses that a test does not meet by chance: Anvil's accounts are few. */
const walletLimits = { perMinute: 100_000, perDay: 100_000 }

/** Shares of the budget that a test does not meet by chance. */
const all = 1_000_000n
const others = { newcomers: all, posts: all, registrations: all, anyone: all }
const shares = { wallet: all, agent: all, poster: all, ...others, perUsdc: 0n }

const env = parseEnv(
  [
    'MAX_BATCH',
    'MAX_UNMINED',
    'MAX_FEE_GWEI',
    'FOREIGN_NONCES',
    'HEAD_INTERVAL_MS',
    'KEEPER_INTERVAL_MS',
    'RELAY_RETENTION_DAYS',
  ],
  {},
)

/** An index that has nothing yet: the chain is asked. */
const noIndex = {
  indexedRuns: async () => undefined,
  indexedCalls: async () => ({ round: 0n, refusal: undefined }),
  indexedUnstakers: async () => [],
  feesPaid: async () => new Map<bigint, bigint>(),
}

type ChainWithDatabase = Pick<TestChain, 'rpcUrl' | 'deployment'> & { databaseUrl: string }

/** The relay as the API starts it, on a chain without an index. Its log lines go to `lines`. */
export const relayOn = async (chain: ChainWithDatabase, options?: Partial<RelaySettings>, lines?: string[]) =>
  createRelay(settingsOn(chain, options, lines))

/** The settings of `relayOn`. */
export function settingsOn(
  { rpcUrl, deployment, databaseUrl }: ChainWithDatabase,
  options: Partial<RelaySettings> = {},
  lines: string[] = [],
): RelaySettings {
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
  return {
    endpoints: createEndpoints({ rpcUrls: [rpcUrl], chainId: deployment.chainId, logger }),
    databaseUrl,
    deployment,
    accounts: [relayer],
    allowUnsigned: true,
    dailyBudget: parseEther('1'),
    leastReward: 0n,
    leastPost: 0n,
    walletLimits,
    shares,
    maxBatch: env.MAX_BATCH,
    maxUnmined: env.MAX_UNMINED,
    maxFeePerGas: env.MAX_FEE_GWEI,
    foreignNonces: env.FOREIGN_NONCES,
    interval: env.HEAD_INTERVAL_MS,
    keeperInterval: env.KEEPER_INTERVAL_MS,
    retentionDays: env.RELAY_RETENTION_DAYS,
    remoteKeys: [],
    ...noIndex,
    events: new EventEmitter(),
    logger,
    ...options,
  }
}

export const requestOf = (bountyId: bigint, { id, wallet }: Agent): ClaimRequest => ({
  message: { action: 'claim', bountyId, agentId: id, party: wallet.address, deadline: 0n },
  signature: UNSIGNED,
})

/** The same with this signature. */
export const signedWith = (request: ClaimRequest, { signature, deadline }: { signature: Hex; deadline: bigint }) => ({
  ...request,
  message: { ...request.message, deadline },
  signature,
})

/** The same with the wallet's signature; `changes` replace parts of the signed message. */
export async function signedRequestOf(
  people: Participants,
  bountyId: bigint,
  by: Agent,
  changes?: Parameters<Participants['sign']>[2],
): Promise<ClaimRequest> {
  const { signature, deadline } = await people.sign(bountyId, by, changes)
  return signedWith(requestOf(bountyId, by), { signature, deadline: BigInt(deadline) })
}

/** A request that waits until the signal aborts, from a client that does not disconnect. */
export const contextOf = (until: AbortSignal, key?: string): Asking => ({
  client: 'test',
  gone: new AbortController().signal,
  until,
  key,
})

/** How long the relay uses an answer of the node about a signer, fees or the head. */
export const quotesPass = () => sleep(200)

/** The result of a claim: the outcome's status, or the refusal's code. */
export async function resultOf(relay: Relay, request: ClaimRequest, timeout = 15_000): Promise<string> {
  try {
    return (await relay.act(request, contextOf(AbortSignal.timeout(timeout)))).status
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

/** Resolves once `holds` returns true. @throws if that takes longer than `milliseconds`. */
export async function until(what: string, holds: () => Promise<boolean>, milliseconds = 10_000) {
  const limit = performance.now() + milliseconds
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`Not reached within ${milliseconds} ms: ${what}`)
    await sleep(20)
  }
}
