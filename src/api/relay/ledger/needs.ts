import type pg from 'pg'
import type { Address } from 'viem'
import { MIN_STAKE } from '../../../../core/market/constants.ts'
import { query } from '../store/database.ts'

/**
 * What an action needs, of which open ones may take some.
 * - `stake`: unlocked stake of an agent, as it is at the block.
 * - `funds`: USDC of an account, as it is at the block.
 * - `idle agent`: that no claim of the agent is open.
 */
export type Need =
  | { of: 'stake'; agentId: bigint; amount: bigint; staked: bigint; unlocked: bigint; block: bigint }
  | { of: 'funds'; party: Address; amount: bigint; balance: bigint; block: bigint }
  | { of: 'idle agent'; agentId: bigint }

type Of<Kind extends Need['of']> = Extract<Need, { of: Kind }>

/** SQL: whether an action that is not refused may still take what was there at `asked.block`. */
const IS_PENDING = "state <> 'refused' AND (block_number IS NULL OR block_number > asked.block)"

/** What is left for new actions, by what `nameOf` says of their needs. Those of one reservation are added up. */
export async function readNeeds(db: pg.PoolClient, needs: readonly Need[]) {
  const ofKind = <Kind extends Need['of']>(kind: Kind) => needs.filter((need): need is Of<Kind> => need.of === kind)
  const left = new Map([...(await freeStakes(db, ofKind('stake'))), ...(await freeFunds(db, ofKind('funds')))])
  const busy = await busyAgents(db, ofKind('idle agent'))

  return {
    isMet(need: Need): boolean {
      if (need.of === 'idle agent') return !busy.has(need.agentId)
      return (left.get(nameOf(need)) ?? 0n) >= need.amount
    },

    take(need: Need) {
      if (need.of !== 'idle agent') left.set(nameOf(need), (left.get(nameOf(need)) ?? 0n) - need.amount)
    },
  }
}

const nameOf = (need: Of<'stake' | 'funds'>) => (need.of === 'stake' ? `agent ${need.agentId}` : need.party)

/** The need of each agent or account that was read at the newest block. */
const newestOf = <N extends Of<'stake' | 'funds'>>(needs: readonly N[]): N[] => {
  const byBlock = needs.toSorted((left, right) => Number(left.block - right.block))
  return [...new Map(byBlock.map((need) => [nameOf(need), need])).values()]
}

/**
 * The stake that each agent has left for new claims. A claim that was won, and stake that was taken out, after the block of
 * the known stake count as pending. An agent that would keep less than the minimum has none.
 */
async function freeStakes(db: pg.PoolClient, needs: readonly Of<'stake'>[]): Promise<[string, bigint][]> {
  if (needs.length === 0) return []
  const newest = newestOf(needs)
  const text = `
    SELECT coalesce(sum(amount) FILTER (WHERE kind = 'claim'), 0) AS locking,
      coalesce(sum(amount) FILTER (WHERE kind = 'unstake'), 0) AS leaving
    FROM unnest($1::numeric[], $2::bigint[]) WITH ORDINALITY AS asked (agent_id, block, place)
    LEFT JOIN relay.action ON action.agent_id = asked.agent_id AND ${IS_PENDING}
    GROUP BY place ORDER BY place`
  const values = [newest.map(({ agentId }) => agentId), newest.map(({ block }) => block)]
  const rows = await query<{ locking: bigint; leaving: bigint }>(db, text, values)
  return newest.map((need, place) => {
    const { locking, leaving } = rowAt(rows, place)
    const isBelowMinimum = leaving > 0n && need.staked - leaving < MIN_STAKE
    return [nameOf(need), isBelowMinimum ? 0n : need.unlocked - leaving - locking]
  })
}

/** The USDC that each account has left for posts and stakes. */
async function freeFunds(db: pg.PoolClient, needs: readonly Of<'funds'>[]): Promise<[string, bigint][]> {
  if (needs.length === 0) return []
  const newest = newestOf(needs)
  const text = `
    SELECT coalesce(sum(amount) FILTER (WHERE kind IN ('post', 'stake')), 0) AS pending
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS asked (party, block, place)
    LEFT JOIN relay.action ON action.party = asked.party AND ${IS_PENDING}
    GROUP BY place ORDER BY place`
  const values = [newest.map(({ party }) => party), newest.map(({ block }) => block)]
  const rows = await query<{ pending: bigint }>(db, text, values)
  return newest.map((need, place) => [nameOf(need), need.balance - rowAt(rows, place).pending])
}

async function busyAgents(db: pg.PoolClient, needs: readonly Of<'idle agent'>[]): Promise<Set<bigint>> {
  if (needs.length === 0) return new Set()
  const text = `
    SELECT DISTINCT agent_id AS id FROM relay.action WHERE agent_id = ANY($1::numeric[]) AND kind = 'claim' AND state = 'open'`
  const rows = await query<{ id: bigint }>(db, text, [needs.map(({ agentId }) => agentId)])
  return new Set(rows.map(({ id }) => id))
}

function rowAt<Row>(rows: readonly Row[], place: number): Row {
  const row = rows[place]
  if (!row) throw new Error('What open actions may take was not read')
  return row
}
