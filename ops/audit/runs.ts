import { and, asc, gte, inArray, lt, max, ne } from 'drizzle-orm'
import { run, runEvent } from '../../ponder.schema.ts'
import type { Audited, Phase } from './audited.ts'
import { type Difference, differencesOf } from './difference.ts'
import { historyOf } from './history.ts'

/** How many runs are compared in a step. */
const SIZE = 100n

/**
 * Compares the runs with `getBounty`, and the fields that no view returns with the runs' timelines, which an earlier
 * phase has compared with the logs.
 */
export const runs: Phase = {
  name: 'runs',
  first: () => 1n,
  async step(audited, from) {
    const [count, greatest] = await Promise.all([audited.state.bountyCount(), greatestId(audited)])
    const hasAll = greatest >= count
    const last = hasAll ? greatest : count
    const next = from + SIZE
    const ids = range(from, next > last ? last + 1n : next)
    const rows = new Map((await rowsBetween(audited, from, next)).map((row) => [row.bountyId, row]))
    const timelines = Map.groupBy(await eventsOf(audited, ids), ({ bountyId }) => bountyId)
    const bounties = await audited.state.runs(ids)
    const differences = ids.flatMap((id, place): Difference[] => {
      const bounty = bounties[place]
      const { ofRun, actors } = historyOf(timelines.get(id) ?? [], bounty?.evaluator ?? null)
      return [
        ...differencesOf(`run ${id}`, bounty && { ...bounty, ...ofRun }, rows.get(id)),
        ...actors.flatMap(({ event, address }) => differencesOf(`event ${event.id}`, { address }, event)),
      ]
    })
    const isLast = next > last
    const share = isLast ? 1 : Number(next - 1n) / Number(last)
    return { differences, compared: ids.length, next: isLast ? undefined : next, share }
  },
}

async function greatestId({ db }: Audited) {
  const [row] = await db.select({ id: max(run.bountyId) }).from(run)
  return row?.id ?? 0n
}

function rowsBetween({ db }: Audited, from: bigint, to: bigint) {
  return db
    .select()
    .from(run)
    .where(and(gte(run.bountyId, from), lt(run.bountyId, to)))
}

/** The runs' events, without refused claims: anyone can cause any number of them, and they change nothing. */
function eventsOf({ db }: Audited, bountyIds: bigint[]) {
  return db
    .select()
    .from(runEvent)
    .where(and(inArray(runEvent.bountyId, bountyIds), ne(runEvent.name, 'ClaimRefused')))
    .orderBy(asc(runEvent.id))
}

const range = (from: bigint, to: bigint) =>
  Array.from({ length: to > from ? Number(to - from) : 0 }, (_, index) => from + BigInt(index))
