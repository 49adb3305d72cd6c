import { LRUCache } from 'lru-cache'
import type { ChainHead } from '../chain/heads.ts'
import type { ActionOutcome } from '../events.ts'
import type { Examined } from '../kinds/kind.ts'
import { actionPending } from '../kinds/refusal.ts'
import type { ActionRequest, NamedAction } from '../kinds/request.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import type { Asking, PipelineContext } from '../pipeline/context.ts'
import type { Results } from '../pipeline/results.ts'
import { createSimulate } from '../pipeline/simulate.ts'
import { Refusal, unavailable } from '../refusal.ts'
import { createActionLimits } from './limits.ts'
import type { createPlaceAction } from './placing.ts'
import { createTurns } from './turns.ts'

/**
 * The transactions of a block are settled within this time, in milliseconds. What waits for room tries once after all of them,
 * not after each: a try asks the node three times.
 */
const SETTLING_MS = 100

/** How long a refusal for the budget counts, in milliseconds, and of how many slots. */
const UNPAID = { ttl: 10_000, max: 10_000 }

/** `closing` aborts when the relay stops accepting requests. */
type Rooms = {
  place: ReturnType<typeof createPlaceAction>
  results: Results
  closing: AbortSignal
}

/** An action that may be placed. `former`: the transaction that has decided it before. */
type Ready = { head: ChainHead; examined: Examined; former: bigint | undefined }

/** The next step of an action: the outcome that it waits for, or the wait before the next look at it. */
type Step = { outcome: () => Promise<ActionOutcome> } | { wait: () => Promise<unknown> }

/**
 * Takes an action of any kind from its request to its outcome. Stored ones are answered first; the others are authenticated, then
 * simulated, then stored with a signed transaction.
 */
export function createActionFlow(context: PipelineContext, { place: placeNow, results, closing }: Rooms) {
  const { pool, kinds, store, heads, feesPaid, accounts, events } = context
  const simulateAlone = createSimulate(context)
  const { refusalOfParty, refusalOfShares } = createActionLimits(context)
  const { inTurn, pace } = createTurns(context.maxUnmined)
  /** By slot, the gas of what no share of the budget had room for: the next one is not simulated to find that out. */
  const unpaid = new LRUCache<string, bigint>(UNPAID)

  /** Aborts once transactions are settled, which makes room for others of their signer. */
  let settlement = new AbortController()
  let isSettling = false
  events.on('attemptMined', () => {
    if (isSettling) return
    isSettling = true
    setTimeout(() => {
      isSettling = false
      settlement.abort()
      settlement = new AbortController()
    }, SETTLING_MS).unref()
  })

  /** The outcome of the action if it is stored. Another request may have stored it at any time. */
  async function stored(action: NamedAction, asked: Asking, own: StoredAction): Promise<ActionOutcome> {
    const { message, signature } = action.request
    const kind = kinds.of(message)
    const isSame = own.request.signature === signature
    if (!isSame && !(await kind.isSigned(action.request, asked))) throw kind.invalidSignature(message)
    return results.follow(own, asked.until)
  }

  async function make(request: ActionRequest, asked: Asking): Promise<ActionOutcome> {
    const kind = kinds.of(request.message)
    const actionId = await kind.idOf?.(request.message)
    if (actionId === undefined) throw new Error(`The action ${request.message.action} has no id`)
    const action: NamedAction = { actionId, request }
    try {
      return await send(action, asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // What the chain refuses now may be what a concurrent request of the same message has done, or another sender.
      const [own] = await store.byId(pool, [action.actionId])
      const isMade = kind.madeAlready.has(error.code)
      if (own && (own.state === 'open' || !kind.isRepeatable || isMade)) return stored(action, asked, own)
      if (!isMade || !(await kind.isSigned(request, asked))) throw error
      // An older head may lack the block that the refusal is about.
      const head = await heads.since(performance.now())
      const made = await kind.findMade(request, head, head.number)
      if (!made) throw error
      return { actionId: action.actionId, status: 'done', ...made }
    }
  }

  async function send(action: NamedAction, asked: Asking): Promise<ActionOutcome> {
    const { until, gone } = asked
    const { message } = action.request
    const kind = kinds.of(message)
    const places = kind.placesOf(message.action)
    let obstacle = unavailable('A transaction that is not mined yet decides about this action.')
    // A refusal uses only what was read from the chain after this time.
    let since = performance.now()

    async function waitForBlock(head: ChainHead, orUntil?: AbortSignal) {
      await heads.after(head, orUntil ? AbortSignal.any([until, orUntil]) : until)
      since = performance.now()
    }

    /** Waits for another action of the party, which may change what the chain says of this one. */
    async function waitFor(other: StoredAction) {
      await results.decisionOf(other, until)
      heads.expire()
      since = performance.now()
    }

    /** Whether the action may be placed, by what is stored and by what the chain says of its message. */
    async function check(): Promise<Ready | Step> {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (gone.aborted) throw unavailable('The client has disconnected.')
      const related = await store.related(pool, action.actionId, kind.slotOf(message))
      const own = related.find(({ actionId }) => actionId === action.actionId)
      if (own && (own.state === 'open' || !kind.isRepeatable)) return { outcome: () => stored(action, asked, own) }
      // Read before the run is: if a block changes the run in between, `heads.after` returns at once.
      const head = await heads.latest()
      const examined = await kind.examine(action.request, asked, { since, isFresh: false })
      if ('undecided' in examined) {
        obstacle = examined.undecided
        return { wait: () => waitForBlock(head) }
      }
      if (!('runsWalletCode' in examined)) throw new Error(`The action ${message.action} has no simulation`)
      const limit = await refusalOfParty(action)
      if (limit) throw limit
      const other = related.find((one) => one !== own)
      if (other) {
        obstacle = actionPending(other.actionId, other.request.message.action, kind.slotOf(message))
        return { wait: () => waitFor(other) }
      }
      // If another request has made it since, the simulation is outdated.
      return { head, examined, former: own?.tx.id }
    }

    async function place({ head, examined, former }: Ready): Promise<Step | 'full'> {
      await context.whenReady()
      const fees = await feesOf(examined.agentId)
      const slot = kind.slotOf(message)
      const gas = places === 'work' ? unpaid.get(slot) : kind.mostGasOf(message)
      if (gas !== undefined) {
        const refusal = await refusalOfShares({ action, gas, fees, ...examined })
        if (refusal) throw refusal
      }
      await pace(places)
      const simulated = await simulate(action, examined, head)
      if (simulated instanceof Refusal) {
        obstacle = simulated
        return { wait: () => waitForBlock(head) }
      }
      const placed = await placeNow({ action, gas: simulated, fees, former, ...examined }).catch((error) => {
        if (error instanceof Refusal) unpaid.set(slot, simulated)
        throw error
      })
      if (typeof placed === 'object') {
        const outcome = () => results.followPlaced(action, placed.attempt.hash, until)
        return { outcome }
      }
      if (placed === 'full') {
        obstacle = unavailable('The relayer has as many unmined transactions as it may have.')
        return 'full'
      }
      if (placed === 'rival') return { wait: async () => undefined }
      const [open] = await store.openOf(pool, message.party, null)
      obstacle = unavailable(`Other actions of ${message.party} are not decided yet.`)
      return { wait: () => (open ? waitFor(open) : waitForBlock(head)) }
    }

    /** Places the action. While there is no place for it, it keeps its turn, so that those behind it try nothing. */
    async function placeInTurn(ready: Ready): Promise<Step> {
      const { signal: settled } = settlement
      const placed = await place(ready)
      if (placed !== 'full') return placed
      // A block makes no room by itself: its transactions count as unmined until a keeper has settled them. One of another
      // replica is noticed at the next block.
      await waitForBlock(ready.head, settled)
      if (until.aborted) return { wait: async () => undefined }
      const checked = await check()
      return 'head' in checked ? placeInTurn(checked) : checked
    }

    do {
      const checked = await check()
      const step = 'head' in checked ? await inTurn(places, asked, () => placeInTurn(checked)) : checked
      if ('outcome' in step) return step.outcome()
      await step.wait()
    } while (!until.aborted)
    throw obstacle
  }

  /**
   * @returns the gas limit of the action's transaction, or the answer if no block changes its result.
   * @throws Refusal with the market's reason, which no pending transaction changes.
   */
  async function simulate(
    action: NamedAction,
    { runsWalletCode }: Examined,
    head: ChainHead,
  ): Promise<bigint | Refusal> {
    const [signer] = accounts
    if (!signer) throw unavailable('The store of the relayer’s keys does not answer.')
    const simulated = await simulateAlone(signer.address, action, head, runsWalletCode)
    if (simulated.result === 'passes') return simulated.gas
    if (simulated.result === 'fails') throw simulated.refusal
    return simulated.refusal ?? unavailable('A transaction that is not mined yet decides about this action.')
  }

  async function feesOf(agentId: bigint | undefined): Promise<bigint> {
    if (agentId === undefined) return 0n
    return (await feesPaid([agentId])).get(agentId) ?? 0n
  }

  return { act: make }
}
