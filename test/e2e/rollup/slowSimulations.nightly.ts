import { pino } from 'pino'
import type { Hex } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { createEndpoints } from '../../../core/node/endpoints.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { mineBlocks } from '../../../tools/devnet/mineBlocks.ts'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../support/participants.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'
import { relayOn, resultOf, signedRequestOf } from '../claims/claimsOnChain.ts'

const BLOCK_TIME_MS = 200
/** A simulation takes longer than a block. */
const DELAY_MS = 300
const CLAIMS = 4

/** Returns ERC-1271's magic value for every call. */
const AGREEABLE: Hex = '0x631626ba7e60e01b60005260206000f3'

let chain: MarketOnAnvil
let relay: Relay
const claims: { runId: bigint; agent: Agent }[] = []

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  const people = participantsOf(chain)
  for (let place = 0; place < CLAIMS; place++) {
    const agent = await people.newAgent(accountOf(2 + place), 100n * usdc)
    await chain.client.setCode({ address: agent.wallet.address, bytecode: AGREEABLE })
    claims.push({ agent, runId: await people.openRun(usdc) })
  }
  await chain.client.setAutomine(false)
  parts.defer(mineBlocks(chain.client, BLOCK_TIME_MS).stop)
  const node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  node.from(({ method }) => (method === 'eth_estimateGas' ? { kind: 'delay', milliseconds: DELAY_MS } : undefined))
  const { chainId } = chain.deployment
  const endpoints = createEndpoints({ rpcUrls: [node.url], chainId, logger: pino({ level: 'silent' }) })
  relay = await relayOn({ ...chain, databaseUrl: await freshDatabase() }, { endpoints })
  parts.defer(relay.close)
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

test('claims of contract wallets are placed, although their simulations take longer than a block', async () => {
  const people = participantsOf(chain)
  const results = await Promise.all(
    claims.map(async ({ runId, agent }) => {
      const request = await signedRequestOf(people, runId, agent)
      return resultOf(relay, { ...request, signature: '0xc0ffee' })
    }),
  )
  expect(results).toEqual(Array(CLAIMS).fill('done'))
})
