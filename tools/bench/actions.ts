/** The actions of a run's life, each through the API and as a raw transaction. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, type Hex, parseEther, parseEventLogs, parseGwei } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { impersonate } from '../../test/support/impersonate.ts'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { accountOf, roles } from '../devnet/accounts.ts'
import { type Call, callOf } from '../devnet/call.ts'
import { contentId } from '../devnet/contentId.ts'
import { defaultTerms } from '../devnet/defaultTerms.ts'
import { signRequest } from './signedRequest.ts'

const USDC = 1_000_000n
const STAKE = 20n * USDC
const REWARD = 10n * USDC
const BALANCE = 100n * USDC

const RAW_GAS = 400_000n
const POLL_MS = 5

/** How long an action may take. */
const LIMIT_MS = 60_000

export type Market = Pick<MarketOnAnvil, 'client' | 'deployment' | 'usdc' | 'registry' | 'staking' | 'market'>

/** The two accounts of a life: one posts a run, the other does its work. */
export type Life = { poster: PrivateKeyAccount; worker: PrivateKeyAccount }

/** What the actions of a life need to know of it. */
export type Facts = Life & { agentId: bigint; runId: bigint; deadline: bigint }

/** What an action makes. */
type Made = { agentId?: bigint; runId?: bigint }

/** Prepares an action, up to its signature. @returns a function that sends it and waits for its answer. */
export type Prepare = (name: ActionName, facts: Facts) => Promise<() => Promise<Made>>

export type ActionName = keyof typeof actions

/** By whom an action is, what the API is asked for, and the call that makes it without the API. */
type Action = {
  by: (facts: Facts) => PrivateKeyAccount
  query: (facts: Facts) => Record<string, unknown>
  call: (facts: Facts, market: Market) => Call<PrivateKeyAccount>
}

const work = contentId('work')
const terms = contentId('terms')
const agentURI = 'ipfs://agent'
const worker = (facts: Facts) => facts.worker
const poster = (facts: Facts) => facts.poster

/** In the order of a life. */
const actions = {
  register: {
    by: worker,
    query: ({ worker }) => ({ owner: worker.address, agentURI }),
    call: ({ worker }, { registry }) => callOf(worker, registry, 'register', [agentURI]),
  },
  stake: {
    by: worker,
    query: ({ worker, agentId }) => ({ agentId, from: worker.address, amount: STAKE }),
    call: ({ worker, agentId }, { staking }) => callOf(worker, staking, 'stake', [agentId, STAKE]),
  },
  post: {
    by: poster,
    query: ({ poster, deadline }) => ({ poster: poster.address, ipfsHash: terms, reward: REWARD, deadline }),
    call: ({ poster, deadline }, { market }) =>
      callOf(poster, market, 'postBounty', [terms, REWARD, deadline, defaultTerms]),
  },
  claim: {
    by: worker,
    query: ({ worker, agentId, runId }) => ({ runId, agentId, walletAddress: worker.address }),
    call: ({ worker, agentId, runId }, { market }) => callOf(worker, market, 'claimBounty', [runId, agentId]),
  },
  start: {
    by: worker,
    query: ({ runId }) => ({ runId }),
    call: ({ worker, runId }, { market }) => callOf(worker, market, 'startWork', [runId]),
  },
  submit: {
    by: worker,
    query: ({ runId }) => ({ runId, deliverableHash: work }),
    call: ({ worker, runId }, { market }) => callOf(worker, market, 'submitWork', [runId, work]),
  },
  approve: {
    by: poster,
    query: ({ poster, runId }) => ({ runId, signer: poster.address }),
    call: ({ poster, runId }, { market }) => callOf(poster, market, 'approveWork', [runId, 0]),
  },
} satisfies Record<string, Action>

export const actionNames = Object.keys(actions) as ActionName[]

/** Accounts with USDC. Those that send raw transactions also have ether, and have approved what they pay. */
export async function newLives(market: MarketOnAnvil, count: number, isRaw: boolean): Promise<Life[]> {
  const newAccount = () => privateKeyToAccount(generatePrivateKey())
  const lives = Array.from({ length: count }, (): Life => ({ poster: newAccount(), worker: newAccount() }))
  const { client, usdc, staking, market: bounties } = market
  const { mineAll } = await impersonate(market)
  const minter = accountOf(isRaw ? roles.treasury : 2).address
  const accounts = lives.flatMap(({ poster, worker }): [Address, Address][] => [
    [poster.address, bounties.address],
    [worker.address, staking.address],
  ])
  await mineAll(accounts.map(([account]) => callOf(minter, usdc, 'mint', [account, BALANCE])))
  if (!isRaw) return lives
  for (const [address] of accounts) await client.setBalance({ address, value: parseEther('1') })
  await mineAll(accounts.map(([account, spender]) => callOf(account, usdc, 'approve', [spender, BALANCE])))
  return lives
}

/** Actions through the API, by accounts without ether: signed requests until their answer of 200. */
export const byApi =
  (url: string): Prepare =>
  async (name, facts) => {
    const action: Action = actions[name]
    const { path, ...request } = await signRequest(url, name, action.by(facts), action.query(facts))
    return async () => {
      for (const limit = performance.now() + LIMIT_MS; ; await sleep(100)) {
        const response = await fetch(url + path, { ...request, signal: AbortSignal.timeout(LIMIT_MS) })
        const made = await response.json()
        if (response.status === 200) return idsOf(made)
        const isPending = response.status === 202 || response.status === 503
        if (!isPending || performance.now() > limit)
          throw new Error(`${name} is answered ${response.status}: ${JSON.stringify(made)}`)
      }
    }
  }

// biome-ignore lint/suspicious/noExplicitAny: an answer's JSON
const idsOf = ({ agent, run }: any): Made => ({
  ...(agent && { agentId: BigInt(agent.id) }),
  ...(run && { runId: BigInt(run.bountyId) }),
})

/** Raw transactions of accounts that have ether and know their nonces and gas, until their receipts. */
export function byHand(market: Market): Prepare {
  const { client, deployment, registry, market: bounties } = market

  async function receiptOf(hash: Hex) {
    for (const limit = performance.now() + LIMIT_MS; performance.now() < limit; await sleep(POLL_MS)) {
      const receipt = await client.request({ method: 'eth_getTransactionReceipt', params: [hash] })
      if (receipt) return receipt
    }
    throw new Error(`Transaction ${hash} is not mined after ${LIMIT_MS} ms`)
  }

  return async (name, facts) => {
    const action: Action = actions[name]
    const { account, to, data } = action.call(facts, market)
    const serializedTransaction = await account.signTransaction({
      type: 'eip1559',
      chainId: deployment.chainId,
      to,
      data,
      gas: RAW_GAS,
      nonce: await client.getTransactionCount({ address: account.address }),
      maxFeePerGas: parseGwei('20'),
      maxPriorityFeePerGas: parseGwei('1'),
    })
    return async () => {
      const hash = await client.request({ method: 'eth_sendRawTransaction', params: [serializedTransaction] })
      const { status, logs } = await receiptOf(hash)
      if (status !== '0x1') throw new Error(`${name} reverted in transaction ${hash}`)
      const [registered] = parseEventLogs({ abi: registry.abi, eventName: 'Registered', logs })
      const [created] = parseEventLogs({ abi: bounties.abi, eventName: 'BountyCreated', logs })
      return {
        ...(registered && { agentId: registered.args.agentId }),
        ...(created && { runId: created.args.bountyId }),
      }
    }
  }
}
