import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'
import { relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

it('answers a claim that waits for a signer about which the node’s answers are malformed, and makes claims again', {
  timeout: 60_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  parts.defer(chain.stop)
  const people = participantsOf(chain)
  const [first, second] = await Promise.all([2, 3].map((place) => people.newAgent(accountOf(place), 100n * usdc)))
  if (!first || !second) throw new Error('The test has two agents')
  const [taken, waiting] = [await people.openRun(usdc), await people.openRun(usdc)]
  const node = await startRpcProxy(chain.rpcUrl)
  parts.defer(node.stop)
  const log: string[] = []
  const relay = await relayOn({ ...chain, rpcUrl: node.url }, { maxUnmined: 1 }, log)
  parts.defer(relay.close)

  await chain.client.setAutomine(false)
  const made = resultOf(relay, requestOf(taken, first))
  await until('sent', async () => (await chain.client.getTxpoolStatus()).pending === 1)
  const queued = resultOf(relay, requestOf(waiting, second))
  // Its signer has as many unmined transactions as it may have, and is looked at again and again.
  await until('in the queue', async () => relay.waiting() === 1)
  await sleep(300)
  node.from(({ method }) =>
    method === 'eth_getTransactionCount' ? { kind: 'reply', reply: { result: {} } } : undefined,
  )
  expect(await queued).toBe('RELAY_UNAVAILABLE')
  expect(log.join()).toContain('cannot tell what a signer can send')
  node.heal()
  await chain.client.setAutomine(true)
  await chain.client.mine({ blocks: 1 })
  expect(await made).toBe('done')
  expect(await resultOf(relay, requestOf(waiting, second))).toBe('done')
})
