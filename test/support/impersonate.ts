import { type Address, maxUint256, numberToHex, parseEther } from 'viem'
import { type Call, callOf } from '../../tools/devnet/call.ts'
import type { MarketOnAnvil } from './marketOnAnvil.ts'

/** Enough for any call of the market. With gas and nonce given, Anvil need not look them up. */
const CALL_GAS = 400_000

/** How many calls fit into a block. */
const CALLS_PER_BLOCK = 60

/** In USDC base units: of each party, and of each agent at stake. */
const BALANCE = 10n ** 15n
const STAKE = 10n ** 9n

/** Makes a market large and fast: any account sends calls without a key, and blocks are mined on request only. */
export async function impersonate(chain: Omit<MarketOnAnvil, 'stop'>) {
  const { rpcUrl, client, usdc, registry, staking, market } = chain
  await client.setAutomine(false)
  await requestAll(rpcUrl, [{ method: 'anvil_autoImpersonateAccount', params: [true] }])
  const nonces = new Map<Address, number>()

  function requestOf({ account: from, to, data }: Call<Address>): Request {
    const nonce = nonces.get(from) ?? 0
    nonces.set(from, nonce + 1)
    const transaction = { from, to, data, gas: numberToHex(CALL_GAS), nonce: numberToHex(nonce) }
    return { method: 'eth_sendTransaction', params: [transaction] }
  }

  /** Mines a block of these calls. A call that reverts is not reported. */
  const mineBlock = (calls: Call<Address>[]) =>
    requestAll(rpcUrl, [...calls.map(requestOf), { method: 'evm_mine', params: [] }])

  /** Mines these calls, in as many blocks as they need. */
  async function mineAll(calls: Call<Address>[]) {
    for (let first = 0; first < calls.length; first += CALLS_PER_BLOCK) {
      await mineBlock(calls.slice(first, first + CALLS_PER_BLOCK))
    }
  }

  const fund = (party: Address, spender: Address) => [
    callOf(party, usdc, 'mint', [party, BALANCE]),
    callOf(party, usdc, 'approve', [spender, maxUint256]),
  ]

  return {
    mineBlock,
    mineAll,

    /** Funds new accounts as posters, and registers others as agents 1, 2, …, each with a stake. */
    async addParties(posters: readonly Address[], agents: readonly Address[]) {
      const balance = numberToHex(parseEther('1000'))
      const parties = [...posters, ...agents]
      await requestAll(
        rpcUrl,
        parties.map((party) => ({ method: 'anvil_setBalance', params: [party, balance] })),
      )
      await mineAll([
        ...posters.flatMap((poster) => fund(poster, market.address)),
        ...agents.flatMap((agent, index) => [
          callOf(agent, registry, 'register', ['ipfs://agent']),
          ...fund(agent, staking.address),
          callOf(agent, staking, 'stake', [BigInt(index + 1), STAKE]),
        ]),
      ])
    },
  }
}

type Request = { method: string; params: unknown[] }

async function requestAll(rpcUrl: string, requests: Request[]) {
  const body = JSON.stringify(requests.map((request, id) => ({ jsonrpc: '2.0', id, ...request })))
  const response = await fetch(rpcUrl, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  const answers = (await response.json()) as { error?: { message: string } }[]
  const failed = answers.find(({ error }) => error)
  if (failed) throw new Error(`Anvil refuses: ${failed.error?.message}`)
}
