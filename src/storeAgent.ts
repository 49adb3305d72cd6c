import type { Context } from 'ponder:registry'
import { agent, agentSteps, dayOf, head, marketDay, recordOf, stepOf } from 'ponder:schema'
import { moveCounts } from './countRun.ts'
import { type Block, storeBlock } from './storeBlock.ts'

type Agent = typeof agent.$inferSelect

/** The columns that changes depend on. */
type Known = Pick<
  Agent,
  | 'owner'
  | 'registrationLog'
  | 'stakedAmount'
  | 'stakedAt'
  | 'completions'
  | 'frozen'
  | 'banned'
  | 'volume'
  | 'feesPaid'
  | 'step'
>

/** An agent before its first event. */
const noAgent: Known = {
  owner: null,
  registrationLog: null,
  stakedAmount: 0n,
  stakedAt: 0n,
  completions: 0,
  frozen: false,
  banned: false,
  volume: 0n,
  feesPaid: 0n,
  step: null,
}

/**
 * Updates the row of an agent. It inserts the row if there is none: a ban may name any id, and a foreign registry may have an agent for which it emitted no event.
 */
export async function storeAgent(context: Context, block: Block, id: bigint, changeOf: (row: Known) => Partial<Agent>) {
  let before = noAgent
  const change = () => {
    const changed = changeOf(before)
    const isURINew = before.owner === null || 'agentURI' in changed
    const uriBlock = isURINew ? { agentURIBlock: block.number } : {}
    return { ...changed, ...uriBlock, step: stepOf({ ...before, ...changed }), updatedBlock: block.number }
  }
  const values: typeof agent.$inferInsert = { id, ...change() }
  const after = await context.db
    .insert(agent)
    .values(values)
    .onConflictDoUpdate((row) => {
      // A copy, because Ponder mutates the row that it passes.
      before = { ...row }
      return change()
    })
  await countAgent(context, block.timestamp, before, after)
  await storeAgentBlock(context, block)
}

type Counted = Pick<Known, 'step' | 'stakedAmount' | 'feesPaid'>

const noAgents = recordOf(agentSteps, () => 0)

/** Adds what a change of an agent changes in the market's figures to its day. */
async function countAgent({ db }: Context, timestamp: bigint, before: Counted, after: Counted) {
  const change = { staked: after.stakedAmount - before.stakedAmount, feesPaid: after.feesPaid - before.feesPaid }
  if (before.step === after.step && change.staked === 0n && change.feesPaid === 0n) return
  // Row exists if a run or an agent changed on that day before.
  await db
    .insert(marketDay)
    .values({ day: dayOf(timestamp), ...change, ...moveCounts(noAgents, before.step, after.step) })
    .onConflictDoUpdate((day) => ({
      staked: day.staked + change.staked,
      feesPaid: day.feesPaid + change.feesPaid,
      ...moveCounts(day, before.step, after.step),
    }))
}

/** Blocks that are younger than this are stored even before the first live block. */
const RECENT_SECONDS = 7_200

/**
 * Stores the block of an agent's change. After a pause of minutes Ponder backfills blocks without the block handler, and
 * unlike the blocks of a run's changes, which `run_event` names, this block would be missing. Blocks of a first backfill are
 * not stored, because no client knows them: there is no head yet, and they are old.
 */
async function storeAgentBlock(context: Context, block: Block) {
  const isRecent = Number(block.timestamp) > Date.now() / 1_000 - RECENT_SECONDS
  if (isRecent || (await context.db.find(head, { chainId: context.chain.id }))) await storeBlock(context, block)
}
