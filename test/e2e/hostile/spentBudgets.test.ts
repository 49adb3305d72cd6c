import { zeroAddress } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { Refusal } from '../../../src/api/relay/refusal.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { type RpcProxy, startRpcProxy } from '../../support/rpcProxy.ts'
import { type Runs, runsOn } from '../actions/runsInStates.ts'
import { relayOn, resultOf, signedRequestOf } from '../claims/claimsOnChain.ts'

const REFUSED = 20
const all = 1_000_000n

let runs: Runs
let node: RpcProxy
let relay: Relay

/** Each wallet has a share for three of the most expensive actions, and fees cover none. */
beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const chain = await startTestChain({})
  parts.defer(chain.stop)
  runs = await runsOn(chain)
  node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  const others = { posts: all, registrations: all, anyone: all }
  const shares = { wallet: 0n, agent: all, poster: all, newcomers: all, ...others, perUsdc: 0n }
  relay = await relayOn({ ...chain, rpcUrl: node.url, databaseUrl: await freshDatabase() }, { shares })
  parts.defer(relay.close)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 60_000)

/** How often a claim or action may be tried before its wallet has spent its share. */
const MOST_TRIES = 20

/** Estimates are what simulations ask, and nothing else does. */
const simulations = () => node.use().calls.get('eth_estimateGas') ?? 0

async function submit(runId: bigint, text: string): Promise<string> {
  const { wallet } = runs.agent
  const request = await runs.signed(await runs.messageOf('submit', runId, wallet.address, { text }), wallet)
  const asked = { client: 'test', gone: new AbortController().signal, until: AbortSignal.timeout(15_000) }
  const outcome = relay.act(request, asked)
  return outcome.then(
    ({ status }) => status,
    (error) => {
      if (error instanceof Refusal) return error.code
      throw error
    },
  )
}

async function claim(): Promise<string> {
  return resultOf(relay, await signedRequestOf(runs.people, await runs.runIn('OPEN'), runs.agent))
}

it.each([
  ['claims', claim],
  ['deliveries', async () => submit(await runs.runIn('CLAIMED'), 'ipfs://work')],
])('%s of a wallet that has spent its share are not simulated', { timeout: 120_000 }, async (what, send) => {
  for (let tries = 0; (await send()) !== 'RATE_LIMITED'; tries++) expect(tries).toBeLessThan(MOST_TRIES)
  const claimed = await runs.runIn('CLAIMED', zeroAddress)
  const again = what === 'claims' ? send : (place: number) => submit(claimed, `ipfs://work${place}`)
  await again(0)
  node.reset()
  const answers = new Set<string>()
  for (let place = 1; place <= REFUSED; place++) answers.add(await again(place))
  console.log({ what, simulations: simulations(), calls: Object.fromEntries(node.use().calls), answers })
  expect([...answers]).toEqual(['RATE_LIMITED'])
  expect(simulations()).toBe(0)
})
