import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'hono'
import type { Address, Hex } from 'viem'
import { blockHeaders as blockHeadersOf } from '../cache/responseCache.ts'
import type { Deps } from '../deps.ts'
import { requesterOf } from '../http/clientLimits.ts'
import { Problem, unlessProblem } from '../http/errors.ts'
import { INDEX_INTERVAL_MS, RETRY_AFTER_SECONDS, waitingTime } from '../http/preferredWait.ts'
import { problemOfAction } from '../http/refusals.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { traceAction } from '../observability/actionTraces.ts'
import { agentById } from '../queries/agents.ts'
import { createActedRunReader } from '../queries/batchedReads.ts'
import type { ActionOutcome } from '../relay/events.ts'
import type { ClaimMessage, Message } from '../relay/kinds/request.ts'
import type { Relay } from '../relay/relay.ts'
import { type Agent, formatAgent } from '../resources/agent.ts'
import { formatRun, type Run } from '../resources/run.ts'
import { actionTexts } from './actionTexts.ts'

const PENDING_MESSAGE = 'The action is not decided yet, and continues. See Location, or send it again.'

/** @throws Problem RELAY_UNAVAILABLE if this server does not relay the action. */
export function relayOf({ relay, relayedActions }: Deps, name: string): Relay {
  if (!relay)
    throw new Problem('RELAY_UNAVAILABLE', `This server relays ${name === 'claim' ? 'no claims' : 'nothing'}.`)
  const isRelayed = name === 'claim' || relayedActions === undefined || relayedActions.some((one) => one === name)
  if (!isRelayed) throw new Problem('RELAY_UNAVAILABLE', `This server does not relay ${name}.`)
  return relay
}

/** A relayed action. `until` aborts when its request is to be answered. */
type Acted = { relay: Relay; outcome: ActionOutcome; until: AbortSignal }

/** The outcome of an action beside a claim: its transaction is known. */
type Relayed = ActionOutcome & { txHash: Hex }

/** A block that the index must have: it waits for it until the signal aborts. */
type Reach = { block: bigint; signal: AbortSignal }

/**
 * What the index shows of an action: members of the answer, which are null if it has none, and by which transaction and block it
 * was made, if the index shows that. `snapshot`: absent if the index was not read.
 */
type Shown<Members> = {
  snapshot?: Snapshot
  members: Members
  made: { txHash: Hex; blockNumber: bigint } | null | undefined
}

/** What the answer to an action shows. `nothing`: where the index cannot be read. */
type Subject<Members> = { nothing: Members; show: (outcome: Relayed, reach?: Reach) => Promise<Shown<Members>> }

export type Acting = ReturnType<typeof createActing>

/** What all routes of actions do: they relay the action, wait until the index shows it, and answer. */
export function createActing(deps: Deps) {
  const { limits, index } = deps
  const readActed = createActedRunReader(index)

  /** @param key the client's idempotency key of a claim. @throws Problem as the relay refuses. */
  async function act(c: Context, message: Message, signature: Hex, key?: string): Promise<Acted> {
    const relay = relayOf(deps, message.action)
    await limits?.takeClaim(c)
    const until = waitingTime(c)
    const request = { requestId: c.get('requestId'), message, signature }
    traceAction(request, c.get('trace'))
    const outcome = await relay.act(request, { ...requesterOf(c, limits), until, key }).catch((error) => {
      throw problemOfAction(error, message)
    })
    return { relay, outcome, until }
  }

  return {
    act,

    /** Relays the action, and answers with what the subject shows. */
    async answer<Members extends object>(
      c: Context,
      message: Exclude<Message, ClaimMessage>,
      signature: Hex,
      { nothing, show }: Subject<Members>,
    ) {
      const acted = await act(c, message, signature)
      const { actionId, txHash, status } = acted.outcome
      if (!txHash) throw new Error(`Action ${actionId} is done by no known transaction`)
      const outcome = { ...acted.outcome, txHash }
      const shown = await untilShown(c, acted, (reach) => show(outcome, reach))
      if (shown) {
        const { members, how } = shown
        const { made } = actionTexts[message.action]
        return c.json({ success: true as const, ...members, message: made, actionId, ...how }, 200)
      }
      const { members } = (await show(outcome).catch(unlessProblem)) ?? { members: nothing }
      c.header('Location', `/api/actions/${actionId}`)
      c.header('Retry-After', String(RETRY_AFTER_SECONDS))
      const state = status === 'done' ? ('mined' as const) : status
      return c.json(
        { success: false as const, ...members, message: PENDING_MESSAGE, actionId, txHash, status: state },
        202,
      )
    },

    /** The run of an action. @param named null of a post, which makes it. */
    runOf: (named: bigint | null): Subject<{ run: Run | null }> => ({
      nothing: { run: null },
      async show(outcome, reach) {
        const bountyId = named ?? resultOf(outcome)
        if (bountyId === null) return { members: { run: null }, made: null }
        const { txHash } = outcome
        const { snapshot, data } = await readActed({ bountyId, txHash }, reach)
        const { run, blockNumber } = data
        return {
          snapshot,
          members: { run: run && formatRun(run, snapshot.now) },
          made: run && blockNumber !== null ? { txHash, blockNumber } : null,
        }
      },
    }),

    /** The agent of an action. @param named null of a registration, which makes it. */
    agentOf: (named: bigint | null): Subject<{ agent: Agent | null }> => ({
      nothing: { agent: null },
      async show(outcome, reach) {
        const agentId = named ?? resultOf(outcome)
        if (agentId === null) return { members: { agent: null }, made: null }
        const { snapshot, data } = await index.read(reach?.block, (tx, { now }) => agentById(tx, now, agentId))
        const made = data && reach && { txHash: outcome.txHash, blockNumber: reach.block }
        return { snapshot, members: { agent: data && formatAgent(data) }, made }
      },
    }),

    /** Who is paid. The index is not read. */
    payeeOf: (payee: Address): Subject<{ payee: Address }> => ({
      nothing: { payee },
      show: async (outcome) => ({ members: { payee }, made: outcome.status === 'done' ? outcome : null }),
    }),
  }
}

const resultOf = (outcome: ActionOutcome) => (outcome.status === 'done' ? outcome.result : null)

/**
 * Waits until the index shows what an action has made, and sets the headers that name the block.
 * @returns the members of the answer, and those that say how it was made; undefined if it is not made, or not shown in time.
 */
export async function untilShown<Members extends object>(
  c: Context,
  { relay, outcome, until: signal }: Acted,
  show: (reach: Reach) => Promise<Shown<Members>>,
) {
  if (outcome.status !== 'done') return undefined
  const { blockNumber: block } = outcome
  // Asked while the index is read. The relay keeps the node's answer.
  relay.isFinal(block).catch(() => undefined)
  do {
    const shown = await show({ block, signal }).catch(unlessProblem)
    if (shown?.snapshot) {
      for (const [name, value] of Object.entries(blockHeadersOf(shown.snapshot))) c.header(name, value)
    }
    if (shown?.made) {
      const { txHash, blockNumber } = shown.made
      const finalized = await relay.isFinal(blockNumber)
      const members = shown.members as { [Name in keyof Members]: NonNullable<Members[Name]> }
      return { members, how: { txHash, blockNumber: Number(blockNumber), finalized } }
    }
    await sleep(INDEX_INTERVAL_MS)
  } while (!signal.aborted)
  return undefined
}
