import { type Address, encodeFunctionData, type Hex, maxUint256, numberToHex } from 'viem'
import { accountOf } from '../devnet/accounts.ts'
import { startChain } from '../devnet/chain.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { contractsOf } from '../testkit/contracts.ts'
import { temporaryDirectory } from '../testkit/temporaryDirectory.ts'

/** The market's events of a run completed without a revision: created, funded, claimed, submitted, approved. */
export const eventsOfALife = 5

const livesOfABlock = 10
const day = 86_400n

/** More blocks than the 30 after which Ponder counts a block as finalized, so that all earlier ones are backfilled. */
const padding = 64

const poster = accountOf(2).address
const agents = Array.from({ length: 10 }, (_, index) => accountOf(3 + index).address)

export type BusyChain = Awaited<ReturnType<typeof startBusyChain>>

/**
 * Starts a chain with a market, a funded poster and staked agents. It mines only on request.
 * @param keptStates Of how many blocks the node keeps the state, which a reorg needs.
 */
export async function startBusyChain({ keptStates }: { keptStates?: number } = {}) {
  const deployments = await temporaryDirectory()
  const flags = ['--order', 'fifo', '--prune-history', ...(keptStates === undefined ? [] : [String(keptStates)])]
  const chain = await startChain({ deploymentsDirectory: deployments.path, flags })
  const { client, usdc, registry, staking, market } = contractsOf(chain)

  async function fund(account: Address, spender: Address) {
    await usdc.write.mint([account, 10n ** 15n])
    await usdc.write.approve([spender, maxUint256], { account })
  }

  await fund(poster, market.address)
  for (const [index, account] of agents.entries()) {
    await registry.write.register(['ipfs://agent'], { account })
    await fund(account, staking.address)
    await staking.write.stake([BigInt(index + 1), 10n ** 9n], { account })
  }
  await client.setAutomine(false)
  const genesis = (await client.getBlock()).timestamp
  const nonces = new Map<Address, number>()
  let lives = 0

  async function readProgress() {
    for (const address of [poster, ...agents]) nonces.set(address, await client.getTransactionCount({ address }))
    lives = Number(await market.read.bountyCount())
  }
  await readProgress()

  const callOf = (from: Address, data: Hex) => {
    const nonce = nonces.get(from) ?? 0
    nonces.set(from, nonce + 1)
    // With gas and nonce given, Anvil need not look them up.
    const transaction = { from, to: market.address, data, gas: numberToHex(400_000), nonce: numberToHex(nonce) }
    return { method: 'eth_sendTransaction', params: [transaction] }
  }

  /** Posts, claims, submits and approves a run. Rewards are of all magnitudes. */
  function lifeOf(bountyId: bigint) {
    const index = Number(bountyId) % agents.length
    const agent = agents[index] ?? poster
    const reward = 10_000n + ((bountyId * 997n) % 10n ** BigInt(4 + (Number(bountyId) % 5)))
    const { abi } = market
    const terms = [contentId(`terms ${bountyId}`), reward, genesis + 300n * day, defaultTerms] as const
    const delivered = [bountyId, contentId(`work ${bountyId}`)] as const
    return [
      callOf(poster, encodeFunctionData({ abi, functionName: 'postBounty', args: terms })),
      callOf(agent, encodeFunctionData({ abi, functionName: 'claimBounty', args: [bountyId, BigInt(index + 1)] })),
      callOf(agent, encodeFunctionData({ abi, functionName: 'submitWork', args: delivered })),
      callOf(poster, encodeFunctionData({ abi, functionName: 'approveWork', args: [bountyId] })),
    ]
  }

  return {
    ...chain,
    client,
    market,

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
      const calls = Array.from({ length: count }, () => lifeOf(BigInt(++lives)))
      await sendAll(chain.rpcUrl, [...calls.flat(), { method: 'evm_mine', params: [] }])
    },

    /** Mines blocks until `runs` runs have ended and are finalized. @throws if the last one has not ended. */
    async grow(runs: number) {
      while (lives < runs) {
        await this.mineLives(Math.min(livesOfABlock, runs - lives))
        if (lives % 1_000 === 0) console.log(`  ${lives} of ${runs} runs are on the chain`)
      }
      await client.mine({ blocks: padding })
      const { state } = await market.read.getBounty([BigInt(runs)])
      if (state !== APPROVED)
        throw new Error(`Run ${runs} is in state ${state}, not approved: the chain lacks some transactions`)
    },

    async stop() {
      await chain.stop()
      await deployments.remove()
    },
  }
}

type Reorg = { Method: 'anvil_reorg'; Parameters: [depth: number, transactions: []]; ReturnType: null }

/** `BountyMarket.State.APPROVED`. */
const APPROVED = 6

async function sendAll(rpcUrl: string, calls: { method: string; params: unknown[] }[]) {
  const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
  const response = await fetch(rpcUrl, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  const answers = (await response.json()) as { error?: { message: string } }[]
  const failed = answers.find(({ error }) => error)
  if (failed) throw new Error(`Anvil refuses: ${failed.error?.message}`)
}
