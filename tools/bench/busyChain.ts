import { type Address, numberToHex } from 'viem'
import { impersonate } from '../../test/support/impersonate.ts'
import { startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { callOf } from '../devnet/call.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'

/** The market's events of a run completed without a revision: created, funded, claimed, submitted, approved. */
export const eventsOfALife = 5

/** How many runs a block posts, claims, submits and approves while the chain grows. */
const RUNS_PER_BLOCK = 10
const DAY_SECONDS = 86_400n
/** The time between blocks of a chain that begins in the past. */
const BLOCK_SECONDS = 60

/** More blocks than the 30 after which Ponder counts a block as finalized, so that all earlier ones are backfilled. */
const padding = 64

export type BusyChain = Awaited<ReturnType<typeof startBusyChain>>

type Options = {
  /** How many posters there are, and how many agents. */
  parties?: number
  /** How long before now the chain begins. Its blocks are then `BLOCK_SECONDS` apart. */
  daysAgo?: number
  /** How long before now the chain begins, whose blocks have the time at which they are mined. */
  secondsAgo?: number
}

/** Starts a chain with a market, funded posters and staked agents. It mines only on request. */
export async function startBusyChain({ parties = 10, daysAgo, secondsAgo = 0 }: Options = {}) {
  const flags = ['--order', 'fifo', '--prune-history']
  const age = daysAgo === undefined ? secondsAgo : daysAgo * Number(DAY_SECONDS)
  const past = age > 0 && { timestamp: Math.floor(Date.now() / 1_000) - age }
  const chain = await startMarketOnAnvil({ flags, ...past, awaitsMining: false })
  const { client, market } = chain
  if (daysAgo !== undefined) await client.setBlockTimestampInterval({ interval: BLOCK_SECONDS })
  const { mineBlock, addParties } = await impersonate(chain)
  const posters = Array.from({ length: parties }, (_, index) => addressOf(FIRST_POSTER + index))
  const agents = Array.from({ length: parties }, (_, index) => addressOf(FIRST_AGENT + index))
  await addParties(posters, agents)
  const genesis = (await client.getBlock()).timestamp
  let lives = 0

  /** The parties of a run. Some have many more runs than others. */
  function partiesOf(bountyId: bigint) {
    const draw = (multiplier: number) => Math.floor(parties * ((Number(bountyId) * multiplier) % 1) ** 2)
    const index = draw(Math.SQRT2)
    return { poster: pick(posters, draw(Math.E)), agent: pick(agents, index), agentId: BigInt(index + 1) }
  }

  /** The calls of a run's life, in their order. Rewards are of all magnitudes. */
  const steps = [
    (bountyId: bigint) => {
      const reward = 10_000n + ((bountyId * 997n) % 10n ** BigInt(4 + (Number(bountyId) % 5)))
      const args = [contentId(`terms ${bountyId}`), reward, genesis + 300n * DAY_SECONDS, defaultTerms] as const
      return callOf(partiesOf(bountyId).poster, market, 'postBounty', args)
    },
    (bountyId: bigint) => {
      const { agent, agentId } = partiesOf(bountyId)
      return callOf(agent, market, 'claimBounty', [bountyId, agentId])
    },
    (bountyId: bigint) =>
      callOf(partiesOf(bountyId).agent, market, 'submitWork', [bountyId, contentId(`work ${bountyId}`)]),
    (bountyId: bigint) => callOf(partiesOf(bountyId).poster, market, 'approveWork', [bountyId, 0]),
  ]

  return {
    ...chain,

    /** Mines one block in which `count` runs are posted, claimed, submitted and approved. */
    async mineLives(count: number) {
      const ids = Array.from({ length: count }, () => BigInt(++lives))
      await mineBlock(ids.flatMap((bountyId) => steps.map((step) => step(bountyId))))
    },

    /**
     * Mines blocks until `runs` runs have ended and are finalized. Each step of a run is in a block of its own, in which
     * other runs take other steps.
     * @throws if the last one has not ended.
     */
    async grow(runs: number) {
      const batches: bigint[][] = []
      while (lives < runs) {
        const size = Math.min(RUNS_PER_BLOCK, runs - lives)
        batches.push(Array.from({ length: size }, () => BigInt(++lives)))
      }
      for (let block = 0; block < batches.length + steps.length - 1; block++) {
        await mineBlock(steps.flatMap((step, index) => (batches[block - index] ?? []).map(step)))
        if (block % 100 === 99) console.log(`  ${block + 1} blocks of ${RUNS_PER_BLOCK} runs each are on the chain`)
      }
      await client.mine({ blocks: padding })
      const { state } = await market.read.getBounty([BigInt(runs)])
      if (state !== APPROVED)
        throw new Error(`Run ${runs} is in state ${state}, not approved: the chain lacks some transactions`)
    },
  }
}

/** `BountyMarket.State.APPROVED`. */
const APPROVED = 6

/** Above the addresses of precompiled contracts. */
const FIRST_POSTER = 1_000_000
const FIRST_AGENT = 2_000_000

const addressOf = (index: number): Address => numberToHex(index, { size: 20 })

function pick(addresses: Address[], index: number): Address {
  const address = addresses[index]
  if (!address) throw new Error(`There is no party ${index}; there are ${addresses.length}`)
  return address
}
