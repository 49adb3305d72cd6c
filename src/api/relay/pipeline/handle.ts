import type { ChainHead } from '../chain/heads.ts'
import { isExpiring } from '../chain/nextBlock.ts'
import type { RunStep } from '../events.ts'
import type { Passed } from '../kinds/kind.ts'
import { UNSIGNED } from '../kinds/request.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, Placer, Quote } from '../sender/placement.ts'
import type { BudgetCheck } from './budget.ts'
import type { PipelineContext } from './context.ts'
import type { ActionQueue, Waiting } from './queue.ts'
import { createSimulate, createSimulateTogether } from './simulate.ts'
import { isShared } from './taking.ts'

/**
 * How long a simulation counts after its head. Blocks may come faster than simulations end: without this, actions that are
 * simulated alone would be simulated again at each turn, and never be placed.
 */
const READY_MS = 1_000

type Steps = {
  queue: ActionQueue
  budget: BudgetCheck
  quote: Placer['quote']
  /** Stores those that pass. @returns what blocks the signer. */
  place: (signer: Signer, quote: Promise<Quote>, entries: readonly Waiting[]) => Promise<Blocker | undefined>
  runStep: RunStep
  /** Called when an action is put back into the queue. */
  onPutBack: () => void
}

/**
 * Creates a function that handles the actions that a signer has taken: it refuses those that no share of the budget has room for,
 * simulates the others, and has those placed that pass.
 */
export function createHandle(context: PipelineContext, { queue, budget, place, runStep, ...steps }: Steps) {
  const { heads, feesPaid } = context
  const simulate = createSimulate(context)
  const simulateTogether = createSimulateTogether(context, runStep)

  /** If this fails, the placer asks again. */
  function quoteOf(signer: Signer): Promise<Quote> {
    const quote = steps.quote(signer)
    quote.catch(() => undefined)
    return quote
  }

  function isPresent(entry: Waiting, head: ChainHead): boolean {
    const { request, gone } = entry
    const isLate = request.signature !== UNSIGNED && isExpiring(request.message.deadline, head)
    if (gone.aborted) queue.end(entry, { result: 'left', blocker: undefined })
    else if (isLate) queue.end(entry, { result: 'stale' })
    return !gone.aborted && !isLate
  }

  /** Refuses those of the entries that no share of the budget has room for. @returns the others. */
  async function covered(entries: Waiting[]): Promise<Waiting[]> {
    const refusals = await budget.refusals(entries)
    for (const [entry, error] of refusals) queue.fail(entry, error)
    return entries.filter((entry) => !refusals.has(entry))
  }

  /** @returns undefined if the action does not pass. */
  async function simulateAlone(signer: Signer, entry: Waiting, head: ChainHead): Promise<Passed | undefined> {
    const { request, examined } = entry
    try {
      const simulating = () => simulate(signer.address, entry, head, examined.runsWalletCode)
      const simulated = await runStep('simulate', [request], simulating)
      if (simulated.result === 'passes') return simulated
      queue.end(entry, simulated)
    } catch (error) {
      queue.fail(entry, error)
    }
    return undefined
  }

  /** @returns what blocks the signer; undefined if nothing does. */
  return async function handle(signer: Signer, entries: readonly Waiting[]): Promise<Blocker | undefined> {
    const head = await heads.latest()
    const present = entries.filter((entry) => isPresent(entry, head))
    // Asked once: a result that counts now may be too old after the simulations of the others.
    const ready = new Set(present.filter((entry) => isReady(entry, head)))
    const unready = await covered(present.filter((entry) => !ready.has(entry)))
    const shared = unready.filter(isShared)
    const isOnly = present.length === 1
    // Asked while the actions are simulated, unless those may cost their clients nothing.
    const isLikely = ready.size + shared.length > 0 || (isOnly && unready[0]?.places === 'work')
    const quote = isLikely ? quoteOf(signer) : undefined
    const agentIds = new Set(unready.flatMap(({ examined: { agentId } }) => agentId ?? []))
    const [passed, paid] = await Promise.all([simulateTogether(signer.address, head, shared), feesPaid([...agentIds])])

    /** Keeps the result of a simulation that the action passes. */
    function pass(entry: Waiting, { action, gas, lock }: Passed) {
      const { examined, key, former } = entry
      const fees = (examined.agentId !== undefined && paid.get(examined.agentId)) || 0n
      const candidate = { ...examined, action, gas, lock, fees, key, former }
      entry.ready = { head: head.hash, at: performance.now(), candidate }
      ready.add(entry)
    }

    /** Of one that shares no simulation, or does not pass with the others: it does not delay them, but joins the next batch. */
    async function passAlone(entry: Waiting) {
      const one = await simulateAlone(signer, entry, head)
      if (one) pass(entry, one)
      if (isOnly) return
      queue.putBack([entry])
      steps.onPutBack()
    }

    const alone = unready.map((entry) => {
      const one = passed.get(entry.request)
      return one ? pass(entry, one) : passAlone(entry)
    })
    if (isOnly) await alone[0]
    const placeable = present.filter((entry) => ready.has(entry) && queue.isTaken(entry))
    return placeable.length === 0 ? undefined : place(signer, quote ?? quoteOf(signer), placeable)
  }
}

const isReady = ({ ready }: Waiting, head: ChainHead): boolean =>
  ready !== undefined && (ready.head === head.hash || performance.now() - ready.at < READY_MS)
