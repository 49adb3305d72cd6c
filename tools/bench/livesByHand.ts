import { setTimeout as sleep } from 'node:timers/promises'
import { type Hex, parseEventLogs, parseGwei, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { positionOf } from '../../ops/builds/views.ts'
import { connect } from '../../ops/database/connect.ts'
import { type Call, callOf } from '../devnet/call.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import type { Steps } from './livesLeg.ts'
import { type LivesMarket, reward, stake } from './livesMarket.ts'

/** How often the index is polled, by all lives together. */
const POLL_MS = 5

const GAS = 400_000n

/**
 * The steps of a life by raw transactions of its accounts, which have ether and know their nonces and gas. A step ends once
 * the index shows its block.
 */
export async function stepsByHand(market: LivesMarket): Promise<Steps & AsyncDisposable> {
  const { client, deployment, registry, staking, market: bounties } = market
  const index = await connect(market.databaseUrl)
  const nonces = new Map<string, number>()
  let indexed = -1
  let isOver = false

  /** One poll for all lives, because a query for each would slow down what they wait for. */
  const polling = (async () => {
    for (; !isOver; await sleep(POLL_MS)) {
      const position = await positionOf(index, 'runline')
      if (position?.isConsistent) indexed = position.block
    }
  })()

  async function nextNonce({ address }: PrivateKeyAccount): Promise<number> {
    const nonce = nonces.get(address) ?? (await client.getTransactionCount({ address }))
    nonces.set(address, nonce + 1)
    return nonce
  }

  /** The receipt, once the index shows its block. */
  async function indexedReceipt(hash: Hex): Promise<TransactionReceipt> {
    for (let seen = indexed; ; await sleep(POLL_MS)) {
      if (indexed === seen) continue
      seen = indexed
      const receipt = await client.getTransactionReceipt({ hash }).catch(undefinedIfUnmined)
      if (receipt && seen >= receipt.blockNumber) return receipt
    }
  }

  async function send({ action, account, to, data }: Call<PrivateKeyAccount>): Promise<TransactionReceipt> {
    const fees = { maxFeePerGas: parseGwei('20'), maxPriorityFeePerGas: parseGwei('1') }
    const serializedTransaction = await account.signTransaction({
      type: 'eip1559',
      chainId: deployment.chainId,
      to,
      data,
      gas: GAS,
      nonce: await nextNonce(account),
      ...fees,
    })
    const receipt = await indexedReceipt(await client.sendRawTransaction({ serializedTransaction }))
    if (receipt.status !== 'success') throw new Error(`${action} reverted: ${receipt.transactionHash}`)
    return receipt
  }

  return {
    async register({ worker }) {
      const { logs } = await send(callOf(worker, registry, 'register', ['ipfs://agent']))
      const [registered] = parseEventLogs({ abi: registry.abi, eventName: 'Registered', logs })
      if (!registered) throw new Error('No agent was registered')
      return registered.args.agentId
    },
    async stake({ worker }, agentId) {
      await send(callOf(worker, staking, 'stake', [agentId, stake]))
    },
    async post({ poster }) {
      const deadline = (await client.getBlock()).timestamp + 86_400n
      const { logs } = await send(
        callOf(poster, bounties, 'postBounty', [contentId('terms'), reward, deadline, defaultTerms]),
      )
      const [created] = parseEventLogs({ abi: bounties.abi, eventName: 'BountyCreated', logs })
      if (!created) throw new Error('No run was created')
      return created.args.bountyId
    },
    async claim({ worker }, agentId, runId) {
      await send(callOf(worker, bounties, 'claimBounty', [runId, agentId]))
    },
    async start({ worker }, runId) {
      await send(callOf(worker, bounties, 'startWork', [runId]))
    },
    async submit({ worker }, runId) {
      await send(callOf(worker, bounties, 'submitWork', [runId, contentId('work')]))
    },
    async approve({ poster }, runId) {
      await send(callOf(poster, bounties, 'approveWork', [runId, 0]))
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      await polling
      await index.end()
    },
  }
}

function undefinedIfUnmined(error: unknown): undefined {
  if (!(error instanceof TransactionReceiptNotFoundError)) throw error
}
