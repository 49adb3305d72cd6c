import { expect } from 'vitest'
import type { runEvent } from '../../../ponder.schema.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { freshDatabase } from '../../support/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { participantsOf } from '../../support/participants.ts'
import { agentsOnChain, comparableAgent, comparableRun, expectCounts, runsOnChain } from './chainState.ts'
import { startIndexOf } from './indexOf.ts'
import { expectedRunEvents } from './marketLogs.ts'

export const DAY_SECONDS = 86_400
export const usd = (amount: number) => BigInt(amount * 1e6)
export const by = (index: number) => ({ account: accountOf(index).address })
export const lower = (index: number) => accountOf(index).address.toLowerCase()

export const poster = 2
export const ada = 3
export const bob = 4
export const stranger = 5

/** The columns of a run that has no claim. */
export const unclaimed = {
  claimedBy: null,
  claimedByWallet: null,
  stake: null,
  deliverableHash: null,
  feedbackHash: null,
  claimedAt: null,
  submittedAt: null,
  submitBy: null,
  reviewBy: null,
  endedAt: null,
  revisions: 0,
}

let shared: ReturnType<typeof start> | undefined

async function start() {
  const chain = await startMarketOnAnvil()
  const index = await startIndexOf(chain, await freshDatabase())
  await chain.fund(...[poster, ada, bob].map((party) => accountOf(party).address))
  return { chain, index }
}

/**
 * A market with an index that the files of a worker share, as they share `sharedMarket`, and new agents of Ada and Bob. Its
 * files may move its clock.
 */
export async function indexedMarket() {
  shared ??= start()
  const { chain, index } = await shared
  const people = participantsOf(chain)
  const agentOfAda = (await people.newAgent(accountOf(ada), usd(60))).id
  const agentOfBob = (await people.newAgent(accountOf(bob), usd(40))).id
  const { now } = people
  const inAMonth = async () => (await now()) + BigInt(30 * DAY_SECONDS)

  return {
    chain,
    index,
    agentOfAda,
    agentOfBob,
    now,
    inAMonth,
    pass: (seconds: number) => chain.client.increaseTime({ seconds }),
    async post(ipfsHash: string, reward: bigint) {
      await chain.market.write.postBounty([ipfsHash, reward, await inAMonth(), defaultTerms], by(poster))
      return chain.market.read.bountyCount()
    },

    /** Expects that the row of each run, agent and payee is what the chain says. */
    async expectRowsOfChain() {
      const tables = await index.tables()
      const { runs, agents, payees } = tables
      expect(runs.map(comparableRun)).toEqual(await runsOnChain(chain))
      expectCounts(tables)
      const ids = agents.map(({ id }) => id)
      expect(agents.map(comparableAgent)).toEqual(await agentsOnChain(chain, ids))
      for (const { id, volume } of agents) {
        const paid = runs.filter(({ state, claimedBy }) => state === 'APPROVED' && claimedBy === id)
        expect(volume).toBe(paid.reduce((sum, { reward }) => sum + reward, 0n))
      }
      const treasury = (await chain.market.read.TREASURY()).toLowerCase()
      for (const { address, owed } of payees) {
        // Fees are owed to the treasury, but no payment of them was refused.
        expect(owed).toBe(address === treasury ? 0n : await chain.market.read.owed([address]))
      }
    },

    /** Expects that the runs' timelines have each of their logs, among them these. */
    async expectTimelines(names: (typeof runEvent.$inferSelect)['name'][]) {
      const { runs, runEvents } = await index.tables()
      expect(runEvents).toEqual(await expectedRunEvents(chain, runs))
      expect(runEvents.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    },
  }
}
