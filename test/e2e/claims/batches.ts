import { type LocalAccount, parseEther } from 'viem'
import { toAccount } from 'viem/accounts'
import type { ClaimRequest } from '../../../src/api/relay/kinds/claims/message.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { relayer, relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

export type Batches = Awaited<ReturnType<typeof startBatches>>

/** A relay whose next transaction can be made to have many claims, and its chain, which mines a block for each transaction. */
export async function startBatches() {
  const chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  const people = participantsOf(chain)
  const agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  const rival = await people.newAgent(accountOf(3), 1_000n * usdc)
  /** While this is held back, no transaction is signed, and claims queue up. */
  let signing = Promise.resolve()
  let signatures = 0
  const slowRelayer: LocalAccount = toAccount({
    ...relayer,
    async signTransaction(...transaction) {
      signatures++
      await signing
      return relayer.signTransaction(...transaction)
    },
  })
  const log: string[] = []
  const relay = await relayOn(chain, { accounts: [slowRelayer] }, log)
  const pending = async () => (await chain.client.getTxpoolStatus()).pending

  return {
    chain,
    people,
    agent,
    rival,
    relay,
    log,
    mine: (blocks = 1) => chain.client.mine({ blocks }),
    /** The number of the relayer's mined transactions. */
    nonce: () => chain.client.getTransactionCount({ address: relayer.address }),
    openRuns: (count: number) => Promise.all(Array.from({ length: count }, () => people.openRun(usdc))),

    /**
     * Sends one claim, and then the others, so that they share the next transaction. From then on, blocks are mined when the
     * test mines them. @returns the result of each.
     */
    async claimTogether(requests: ClaimRequest[], timeout = 15_000) {
      const first = await people.openRun(usdc)
      await chain.client.setAutomine(false)
      const { promise, resolve } = Promise.withResolvers<void>()
      signing = promise
      const before = signatures
      const ahead = resultOf(relay, requestOf(first, agent), timeout)
      await until('the first is placed', async () => signatures > before)
      const results = requests.map((request) => resultOf(relay, request, timeout))
      await until('all wait', async () => relay.waiting() === requests.length)
      resolve()
      const relayed = log.length
      await until('both sent', async () => (await pending()) >= 2, 30_000).catch(async (cause) => {
        const lines = log.slice(relayed).join('\n')
        throw new Error(`${await pending()} transactions are pending; the relay logged:\n${lines}`, { cause })
      })
      return { ahead, results }
    },

    /** As before the test: each transaction is mined, and the signer has enough gas. */
    async reset() {
      await chain.client.setAutomine(true)
      await chain.client.setBalance({ address: relayer.address, value: parseEther('100') })
    },

    async stop() {
      await relay.close()
      await chain.stop()
    },
  }
}
