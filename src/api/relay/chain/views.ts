import type { Address, Hash } from 'viem'
import type { agentErrors } from '../../../../core/market/eligibility.ts'
import { type Refusal, unavailable } from '../refusal.ts'
import { type ChainHead, type Heads, oncePerHead } from './heads.ts'
import type { Intake } from './intake.ts'
import type { KnownRun } from './market.ts'

/** What a request names: its run, the agent of a claim, and the client that sends it. */
export type Named = { bountyId: bigint; agentId?: bigint; client: string }

/**
 * What the index shows of a request at a block. `bounty`: in the state NONE if there is no such run. `claimant`: whom the run
 * names, null if any agent may claim it. `agent`: undefined if there is none, or the request names none.
 */
export type IndexedRun = {
  bounty: KnownRun
  claimant: Address | null
  agent: Parameters<typeof agentErrors>[0] | undefined
  number: bigint
  hash: Hash
}

/**
 * Reads the run and the agent in the index. Concurrent calls share a transaction.
 * @param block which the index must have: it waits for it, for a short time.
 * @returns undefined if the index does not have the block, or cannot be read.
 */
export type IndexedRuns = (named: Named, block?: bigint) => Promise<IndexedRun | undefined>

/** A request’s run and wallet. `hash`: of the block at which the run was read. `indexed`: undefined if it was read on the chain. */
export type ChainView = {
  head: ChainHead
  bounty: KnownRun
  indexed: IndexedRun | undefined
  number: bigint
  hash: Hash
  /** The same at the head, by the chain. */
  onChain: () => Promise<ChainView>
  /** The run after the node's pending transactions; undefined if that is not known. */
  pendingBounty: () => Promise<KnownRun | undefined>
  hasCode: (wallet: Address) => Promise<boolean>
}

export type ViewOf = ReturnType<typeof createChainViews>

/**
 * Reads runs and wallets for what is not authenticated yet. Where the index is too far behind, the chain is read
 * once per head for all requests about a run.
 * The functions that it returns throw a Refusal RELAY_UNAVAILABLE.
 */
export function createChainViews(
  { hasCode, readRun, pendingRun }: Pick<Intake, 'hasCode' | 'readRun' | 'pendingRun'>,
  heads: Heads,
  indexed: IndexedRuns,
) {
  const bounties = oncePerHead(readRun)
  const codes = oncePerHead(hasCode)

  /** @param head which the index must have; undefined if any block will do. */
  async function fromIndex(named: Named, head?: ChainHead): Promise<IndexedRun | undefined> {
    const found = await indexed(named, head?.number)
    const isOrphaned = found && found.number === head?.number && found.hash !== head.hash
    return isOrphaned ? undefined : found
  }

  /**
   * @param since by `performance.now()`.
   * @param isFresh whether the view is of a head that was read at `since` or later; else it may be older.
   */
  return async function viewOf(named: Named, since: number, isFresh: boolean): Promise<ChainView> {
    const heading = isFresh ? heads.since(since) : heads.latest()
    const [head, found] = await Promise.all([heading, fromIndex(named, isFresh ? await heading : undefined)])
    const { bountyId, client } = named
    const onChain = async (): Promise<ChainView> => {
      const bounty = await bounties(head.hash, bountyId, client)
      return { ...shared, bounty, indexed: undefined, number: head.number, hash: head.hash }
    }
    const shared = {
      head,
      onChain,
      pendingBounty: () => pendingRun(bountyId, client),
      hasCode: (wallet: Address) => codes(head.hash, wallet),
    }
    if (!found) return onChain()
    return { ...shared, bounty: found.bounty, indexed: found, number: found.number, hash: found.hash }
  }
}

/** A refusal, and how to find out whether the node's pending transactions may change it: undefined if they do not. */
export type Refused<Undecided> = { refusal: Refusal; next?: () => Promise<Undecided | undefined> }

/**
 * Checks a request against the view, and again against a newer one before it is refused: a refusal uses only reads that
 * show the chain as it was at `since` or later. What the index refuses asks no node; what it lets pass while it is behind is
 * checked on the chain.
 * @throws the refusal; RELAY_UNAVAILABLE if the node is behind.
 */
export async function checkView<Good extends object, Undecided>(
  viewOf: ViewOf,
  named: Named,
  since: number,
  view: ChainView,
  check: (view: ChainView) => Promise<Good | Refused<Undecided>>,
): Promise<Good | Undecided> {
  const first = await check(view)
  const isOutdated = !('refusal' in first) && view.number < view.head.number
  const known = isOutdated ? await view.onChain() : view
  const second = isOutdated ? await check(known) : first
  if (!('refusal' in second)) return second
  const newer = await viewOf(named, since, true)
  const result = newer.hash === known.hash ? second : await check(newer)
  if (!('refusal' in result)) return result
  const undecided = await result.next?.()
  if (undecided !== undefined) return undecided
  // What a node refuses that is behind, the chain may allow.
  const { number, highest } = newer.head
  if (number >= highest) throw result.refusal
  throw unavailable(`The chain’s node is at block ${number}, behind block ${highest}.`)
}
