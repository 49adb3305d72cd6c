import { type Difference, differencesOf } from './difference.ts'
import { type Audited, atOneBlock } from './oneBlock.ts'
import { agentsFrom, runsBetween } from './tables.ts'

/** How many ids are compared at one block. */
const SIZE = 100n

/** Ids of one kind that were compared at one block. */
export type Page = {
  differences: Difference[]
  compared: number
  block: bigint
  /** Where the next page begins; undefined behind the last. */
  next: bigint | undefined
}

/**
 * Compares the index's runs, or agents, from the id `from` on with the chain, page by page. The rows of a page come
 * from one statement, which also says at which block they are true; the chain is asked for the same ids at that block,
 * by its hash. So no page compares two moments, whatever blocks and reorgs come meanwhile; no transaction stays open
 * in the database, where it would hold up the indexer at a reorg; and the node needs the state of recent blocks only.
 *
 * What only events carry (IPFS hashes, agent URIs, past times, volumes, timelines) is not compared.
 * @throws if index or chain cannot be read, or the index stays on a block that the chain does not know.
 */
export async function* auditPages(audited: Audited, kind: 'runs' | 'agents', from: bigint): AsyncGenerator<Page> {
  const compare = kind === 'runs' ? compareRuns : compareAgents
  for (let next: bigint | undefined = from; next !== undefined; ) {
    const page: Page = await compare(audited, next)
    yield page
    next = page.next
  }
}

function compareRuns(audited: Audited, from: bigint): Promise<Page> {
  return atOneBlock(audited, runsBetween(from, from + SIZE), async ({ runs, last }, chain, block) => {
    const count = await chain.bountyCount()
    const hasAll = last >= count
    const end = hasAll ? last : count
    const next = from + SIZE
    const ids = range(from, next > end ? end + 1n : next)
    const rows = new Map(runs.map((row) => [row.bountyId, row]))
    const bounties = await chain.runs(ids)
    const differences = ids.flatMap((id, place) => differencesOf(`run ${id}`, bounties[place], rows.get(id)))
    return { differences, compared: ids.length, block, next: next > end ? undefined : next }
  })
}

/**
 * No contract lists the agents. Registries count their ids up, so those missing between two rows that are not far
 * apart, and some behind the last row, are looked up too.
 */
function compareAgents(audited: Audited, from: bigint): Promise<Page> {
  return atOneBlock(audited, agentsFrom(from, Number(SIZE)), async (agents, chain, block) => {
    const rows = new Map(agents.map((row) => [row.id, row]))
    const isLastPage = rows.size < SIZE
    const ids = [...new Set(withNeighbours([...rows.keys()], from, isLastPage))]
    const accounts = await chain.agents(ids)
    const differences = ids.flatMap((id, place) =>
      differencesOf(`agent ${id}`, accounts[place], rows.get(id) ?? noAgent(id)),
    )
    const last = agents.at(-1)?.id ?? from
    return { differences, compared: rows.size, block, next: isLastPage ? undefined : last + 1n }
  })
}

function* withNeighbours(ids: readonly bigint[], from: bigint, isLastPage: boolean): Generator<bigint> {
  let expected = from
  for (const id of ids) {
    if (id - expected <= SIZE) yield* range(expected, id)
    yield id
    expected = id + 1n
  }
  if (isLastPage && expected < MAX_ID - SIZE) yield* range(expected, expected + SIZE)
}

const MAX_ID = 2n ** 256n - 1n

const range = (from: bigint, to: bigint) =>
  Array.from({ length: to > from ? Number(to - from) : 0 }, (_, index) => from + BigInt(index))

/** What a table says of an agent by having no row of it. */
const noAgent = (id: bigint) => ({
  id,
  owner: null,
  agentWallet: null,
  stakedAmount: 0n,
  lockedAmount: 0n,
  stakedAt: 0n,
  completions: 0,
  slashes: 0,
  frozen: false,
  banned: false,
})
