import { setTimeout as sleep } from 'node:timers/promises'
import { marketOf } from '../../core/deployment.ts'
import { createRunlineClient, ProblemError, UndecidedClaimError } from '../../packages/client/src/index.ts'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../test/support/participants.ts'
import { accountOf } from '../devnet/accounts.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'

/** Each may cost 1 % of the relayer's budget. */
const AGENTS = 12

/** Anvil's account of the first agent. Those before have other roles. */
const FIRST_ACCOUNT = 2

/** A claim begins each time, whether earlier ones are decided or not. */
const INTERVAL_MS = 700

/** How many runs wait to be claimed: the index has each of them long before its claim, also while it is behind. */
const RUNS_AHEAD = 120

const STAKE = 1_000n * usdc
const REWARD = usdc
const RUN_LIFETIME_SECONDS = 7 * 86_400

/** How long a client repeats a claim until it is decided. */
const TIMEOUT_SECONDS = 120

/** A claim of an agent that may claim. */
export type Claim = {
  run: bigint
  agentId: bigint
  /** The fault during which it began. */
  during: string
  /** By `performance.now()`. */
  begunAt: number
  /** Whether the API answered that it has stored the claim, or that the claim is won. */
  isAccepted: boolean
  /** `won`, or what the client reports instead; undefined while it repeats the claim. */
  outcome?: string
  /** When the API answered that it is won, by `performance.now()`. */
  wonAt?: number
}

export type Claims = ReturnType<typeof startClaims>

/** Registers the agents, and posts the first runs. Each transaction must be mined at once. */
export async function prepareClaims(chain: MarketOnAnvil): Promise<Agent[]> {
  const people = participantsOf(chain)
  const agents: Agent[] = []
  for (let place = 0; place < AGENTS; place++)
    agents.push(await people.newAgent(accountOf(FIRST_ACCOUNT + place), STAKE))
  await people.fund(people.poster, chain.market.address, 1_000_000n * usdc)
  for (let posted = 0; posted < RUNS_AHEAD; posted++) await postRun(chain)
  return agents
}

async function postRun({ market }: MarketOnAnvil): Promise<void> {
  const deadline = BigInt(Math.floor(Date.now() / 1_000) + RUN_LIFETIME_SECONDS)
  await market.write.postBounty(['ipfs://run', REWARD, deadline, defaultTerms])
}

/**
 * Claims one run after the other with a signature, by the client of our package, at each API in turn. For each claim it
 * posts another run.
 */
export function startClaims(chain: MarketOnAnvil, agents: readonly Agent[], urls: readonly string[]) {
  const market = marketOf(chain.deployment)
  const claims: Claim[] = []
  const open = new Set<Promise<void>>()
  let during = ''
  let isStopping = false

  /** Notes when the API has accepted the claim. */
  const noting = (claim: Claim): typeof fetch => {
    return async (input, init) => {
      const answer = await fetch(input, init)
      const isPost = input instanceof Request && input.method === 'POST'
      const isStored = answer.status === 202 && answer.headers.has('Location')
      if (isPost && (answer.status === 200 || isStored)) claim.isAccepted = true
      return answer
    }
  }

  async function decide(claim: Claim, agent: Agent, url: string): Promise<void> {
    const client = createRunlineClient({ url, market, timeoutSeconds: TIMEOUT_SECONDS, fetch: noting(claim) })
    try {
      await client.runs.claim(claim.run, { agentId: agent.id, signer: agent.wallet, timeoutSeconds: TIMEOUT_SECONDS })
      claim.wonAt = performance.now()
      claim.outcome = 'won'
    } catch (error) {
      const isAnswer = error instanceof ProblemError || error instanceof UndecidedClaimError
      claim.outcome = isAnswer ? error.message : String(error)
    }
  }

  async function claimEach(): Promise<void> {
    for (let count = 0; !isStopping; count++) {
      const agent = agents[count % agents.length] as Agent
      // The market numbers its runs from 1.
      const claim: Claim = {
        run: BigInt(count + 1),
        agentId: agent.id,
        during,
        begunAt: performance.now(),
        isAccepted: false,
      }
      claims.push(claim)
      const deciding: Promise<void> = decide(claim, agent, urls[count % urls.length] as string).finally(() =>
        open.delete(deciding),
      )
      open.add(deciding)
      await postRun(chain)
      await sleep(INTERVAL_MS)
    }
  }

  const claiming = claimEach()
  // `stop` throws it.
  claiming.catch(() => undefined)

  return {
    /** Those that have begun, decided or not. */
    all: claims,
    /** From now on claims begin during this fault. */
    beginDuring(fault: string) {
      during = fault
    },
    /** Waits until every claim that has begun is decided, or was repeated for long enough. */
    settled: () => Promise.all(open),
    async stop() {
      isStopping = true
      await claiming
      await Promise.all(open)
    },
  }
}
