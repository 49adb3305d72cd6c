import { type Address, encodeFunctionData, type Hex, maxUint256, numberToHex, parseEther } from 'viem'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { startMarketOnAnvil } from '../testkit/marketOnAnvil.ts'

/** The market's events of a run completed without a revision: created, funded, claimed, submitted, approved. */
export const eventsOfALife = 5

/** How many runs a block posts, claims, submits and approves while the chain grows. */
const RUNS_PER_BLOCK = 10
const DAY_SECONDS = 86_400n
/** The time between blocks of a chain that begins in the past. */
const BLOCK_SECONDS = 60

/** More blocks than the 30 after which Ponder counts a block as finalized, so that all earlier ones are backfilled. */
const padding = 64

/** How many calls fit into a block. */
const CALLS_PER_BLOCK = 60

export type BusyChain = Awaited<ReturnType<typeof startBusyChain>>

type Options = {
  /** Of how many blocks the node keeps the state, which a reorg needs. */
  keptStates?: number
  /** How many posters there are, and how many agents. */
  parties?: number
  /** How long before now the chain begins. Its blocks are then `BLOCK_SECONDS` apart. */
  daysAgo?: number
}

/** Starts a chain with a market, funded posters and staked agents. It mines only on request. */
export async function startBusyChain({ keptStates, parties = 10, daysAgo }: Options = {}) {
  const flags = ['--order', 'fifo', '--prune-history', ...(keptStates === undefined ? [] : [String(keptStates)])]
  const past =
    daysAgo === undefined ? {} : { timestamp: Math.floor(Date.now() / 1_000) - daysAgo * Number(DAY_SECONDS) }
  const chain = await startMarketOnAnvil({ flags, ...past, awaitsMining: false })
  const { client, usdc, registry, staking, market } = chain
  if (daysAgo !== undefined) await client.setBlockTimestampInterval({ interval: BLOCK_SECONDS })
  await client.setAutomine(false)
  await sendAll(chain.rpcUrl, [{ method: 'anvil_autoImpersonateAccount', params: [true] }])

  const nonces = new Map<Address, number>()
  const callOf = (from: Address, to: Address, data: Hex) => {
    const nonce = nonces.get(from) ?? 0
    nonces.set(from, nonce + 1)
    // With gas and nonce given, Anvil need not look them up.
    const transaction = { from, to, data, gas: numberToHex(400_000), nonce: numberToHex(nonce) }
    return { method: 'eth_sendTransaction', params: [transaction] }
  }

  const mineBlock = (calls: Call[]) => sendAll(chain.rpcUrl, [...calls, { method: 'evm_mine', params: [] }])

  async function mineAll(calls: Call[]) {
    for (let first = 0; first < calls.length; first += CALLS_PER_BLOCK) {
      await mineBlock(calls.slice(first, first + CALLS_PER_BLOCK))
    }
  }

  const posters = Array.from({ length: parties }, (_, index) => addressOf(FIRST_POSTER + index))
  const agents = Array.from({ length: parties }, (_, index) => addressOf(FIRST_AGENT + index))
  await sendAll(chain.rpcUrl, [...posters, ...agents].map(setBalance))
  await mineAll([
    ...posters.flatMap((poster) => fund(poster, market.address)),
    ...agents.flatMap((agent, index) => [
      callOf(
        agent,
        registry.address,
        encodeFunctionData({ ...registry, functionName: 'register', args: ['ipfs://agent'] }),
      ),
      ...fund(agent, staking.address),
      callOf(
        agent,
        staking.address,
        encodeFunctionData({ ...staking, functionName: 'stake', args: [BigInt(index + 1), 10n ** 9n] }),
      ),
    ]),
  ])
  const genesis = (await client.getBlock()).timestamp
  let lives = 0

  function fund(party: Address, spender: Address) {
    return [
      callOf(party, usdc.address, encodeFunctionData({ ...usdc, functionName: 'mint', args: [party, 10n ** 15n] })),
      callOf(
        party,
        usdc.address,
        encodeFunctionData({ ...usdc, functionName: 'approve', args: [spender, maxUint256] }),
      ),
    ]
  }
  const send = (from: Address, data: Hex) => callOf(from, market.address, data)

  /** The parties of a run. Some have many more runs than others. */
  function partiesOf(bountyId: bigint) {
    const draw = (multiplier: number) => Math.floor(parties * ((Number(bountyId) * multiplier) % 1) ** 2)
    const index = draw(Math.SQRT2)
    return { poster: pick(posters, draw(Math.E)), agent: pick(agents, index), agentId: BigInt(index + 1) }
  }

  const { abi } = market
  /** The calls of a run's life, in their order. Rewards are of all magnitudes. */
  const steps = [
    (bountyId: bigint) => {
      const reward = 10_000n + ((bountyId * 997n) % 10n ** BigInt(4 + (Number(bountyId) % 5)))
      const args = [contentId(`terms ${bountyId}`), reward, genesis + 300n * DAY_SECONDS, defaultTerms] as const
      return send(partiesOf(bountyId).poster, encodeFunctionData({ abi, functionName: 'postBounty', args }))
    },
    (bountyId: bigint) => {
      const { agent, agentId } = partiesOf(bountyId)
      return send(agent, encodeFunctionData({ abi, functionName: 'claimBounty', args: [bountyId, agentId] }))
    },
    (bountyId: bigint) => {
      const args = [bountyId, contentId(`work ${bountyId}`)] as const
      return send(partiesOf(bountyId).agent, encodeFunctionData({ abi, functionName: 'submitWork', args }))
    },
    (bountyId: bigint) =>
      send(partiesOf(bountyId).poster, encodeFunctionData({ abi, functionName: 'approveWork', args: [bountyId] })),
  ]

  async function readProgress() {
    for (const address of nonces.keys()) nonces.set(address, await client.getTransactionCount({ address }))
    lives = Number(await market.read.bountyCount())
  }

  return {
    ...chain,

    /** How many runs are on the chain. Their ids are 1 to this number. */
    runs: () => lives,

    /**
     * Replaces the last `depth` blocks by empty ones.
     * @returns when the node had done so, by `performance.now()`.
     * @throws if the chain stays as it was.
     */
    async reorg(depth: number): Promise<number> {
      const { number, hash } = await client.getBlock()
      await client.request<Reorg>({ method: 'anvil_reorg', params: [depth, []] })
      const doneAt = performance.now()
      const replaced = await client.getBlock({ blockNumber: number })
      if (replaced.hash === hash) throw new Error(`anvil_reorg of ${depth} blocks left block ${number} as it was`)
      await readProgress()
      return doneAt
    },

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

type Reorg = { Method: 'anvil_reorg'; Parameters: [depth: number, transactions: []]; ReturnType: null }

/** `BountyMarket.State.APPROVED`. */
const APPROVED = 6

type Call = { method: string; params: unknown[] }

/** Above the addresses of precompiled contracts. */
const FIRST_POSTER = 1_000_000
const FIRST_AGENT = 2_000_000

const addressOf = (index: number): Address => numberToHex(index, { size: 20 })

function pick(addresses: Address[], index: number): Address {
  const address = addresses[index]
  if (!address) throw new Error(`There is no party ${index}; there are ${addresses.length}`)
  return address
}

const setBalance = (address: Address): Call => ({
  method: 'anvil_setBalance',
  params: [address, numberToHex(parseEther('1000'))],
})

async function sendAll(rpcUrl: string, calls: Call[]) {
  const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
  const response = await fetch(rpcUrl, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  const answers = (await response.json()) as { error?: { message: string } }[]
  const failed = answers.find(({ error }) => error)
  if (failed) throw new Error(`Anvil refuses: ${failed.error?.message}`)
}
