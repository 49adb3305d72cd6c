import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { type Hex, toFunctionSelector } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'
import { relayOn, resultOf, signedRequestOf } from './claimsOnChain.ts'

const BLOCK_TIME_MS = 200
/** A claim of a contract wallet is simulated alone, by an estimate. */
const ESTIMATE_MS = 1_000
/** The simulation of a batch takes longer than the result of an earlier simulation counts. */
const BATCH_MS = 1_300
const BATCH = toFunctionSelector(bountyMarketAbi.find((item) => 'name' in item && item.name === 'claimBatch') as never)

/** Returns ERC-1271's magic value for every call. */
const AGREEABLE: Hex = '0x631626ba7e60e01b60005260206000f3'

let people: Participants
let relay: Relay
/** Two of contract wallets, and two of keys. */
const agents: Agent[] = []

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  const chain: MarketOnAnvil = await startMarketOnAnvil()
  parts.defer(chain.stop)
  people = participantsOf(chain)
  for (let place = 2; place < 6; place++) agents.push(await people.newAgent(accountOf(place), 100n * usdc))
  for (const { wallet } of agents.slice(0, 2)) {
    await chain.client.setCode({ address: wallet.address, bytecode: AGREEABLE })
  }
  await chain.client.setAutomine(false)
  parts.defer(mineBlocks(chain.client, BLOCK_TIME_MS).stop)
  const node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  node.from(({ method, params }) => {
    if (method === 'eth_estimateGas') return { kind: 'delay', milliseconds: ESTIMATE_MS }
    const isBatch = method === 'eth_call' && JSON.stringify(params).includes(`"${BATCH}`)
    return isBatch ? { kind: 'delay', milliseconds: BATCH_MS } : undefined
  })
  const { chainId } = chain.deployment
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId, logger: pino({ level: 'silent' }) })
  relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, { endpoints })
  parts.defer(relay.close)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 60_000)

it('takes claims that were simulated before, and makes them, although it is simulated for longer than that counts', async () => {
  const runIds = await Promise.all(Array.from({ length: 6 }, () => people.openRun(usdc)))
  const claims = await Promise.all(
    runIds.map(async (runId, place) => {
      const agent = agents[place < 2 ? place : 2 + (place % 2)] as Agent
      const request = await signedRequestOf(people, runId, agent)
      return place < 2 ? { ...request, signature: '0xc0ffee' as const } : request
    }),
  )
  const claim = (from: number) =>
    claims.slice(from, from + 2).map((request) => Promise.race([resultOf(relay, request), sleep(17_000, 'no answer')]))
  const results = claim(0)
  await sleep(200)
  // Simulated while the first two are, so that those two wait for the next batch, ready, and with the last two.
  results.push(...claim(2))
  await sleep(300)
  results.push(...claim(4))
  expect(await Promise.all(results)).toEqual(Array(6).fill('done'))
})
