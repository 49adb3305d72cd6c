import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Hex } from 'viem'
import { blockHeaders as blockHeadersOf } from '../cache/cachedResponse.ts'
import type { Deps } from '../deps.ts'
import { Problem } from '../http/errors.ts'
import { INDEX_INTERVAL_MS, RETRY_AFTER_SECONDS, waitingTime } from '../http/preferredWait.ts'
import { problemOfAction } from '../http/refusals.ts'
import { requesterOf } from '../http/requester.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { createActedRunReader } from '../queries/claimedRuns.ts'
import type { ActionOutcome } from '../relay/events.ts'
import type { Message } from '../relay/kinds/request.ts'
import type { Relay } from '../relay/relay.ts'
import { formatRun, type Run } from '../resources/run.ts'
import { blockHeaders, retryAfter } from './responses.ts'

const PENDING_MESSAGE = 'The action is not decided yet, and continues. See Location, or send it again.'

/** The refusals of every route that relays. */
export const relayRefusals = [
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RATE_LIMITED',
  'ACTION_PENDING',
  'RELAY_UNAVAILABLE',
] as const

/** The answers of an action that is made, and of one that is not decided in time. */
export const actionResponses = <Made extends z.ZodType, Pending extends z.ZodType>(
  description: string,
  made: Made,
  pendingSchema: Pending,
) => ({
  200: { description, headers: blockHeaders(true), content: { 'application/json': { schema: made } } },
  202: {
    description: 'The action is not decided in time, and continues. `Location` has its state.',
    headers: {
      Location: {
        description: '`GET /api/actions/:actionId` of the action.',
        required: true,
        schema: { type: 'string' as const },
      },
      ...retryAfter(true),
    },
    content: { 'application/json': { schema: pendingSchema } },
  },
})

/** @throws Problem RELAY_UNAVAILABLE if this server does not relay the action. */
export function relayOf({ relay, relayedActions }: Deps, name: string): Relay {
  if (!relay) throw new Problem('RELAY_UNAVAILABLE', 'This server relays nothing.')
  const isRelayed = relayedActions === undefined || relayedActions.some((one) => one === name)
  if (!isRelayed) throw new Problem('RELAY_UNAVAILABLE', `This server does not relay ${name}.`)
  return relay
}

/** An action that is made. */
type Done = Extract<ActionOutcome, { status: 'done' }> & { txHash: Hex }

/** A relayed action. `until` aborts when its request is to be answered. */
export type Acted = { relay: Relay; outcome: Relayed; until: AbortSignal }

/** The outcome of an action beside a claim: its transaction is known. */
type Relayed = ActionOutcome & { txHash: Hex }

export type Acting = ReturnType<typeof createActing>

/** What all routes of actions do: they relay the action, wait until the index shows it, and answer. */
export function createActing(deps: Deps) {
  const { limits, index } = deps
  const readActed = createActedRunReader(index)

  /** The run as the index has it; null if there is none, or the index cannot be read. */
  async function runNow(bountyId: bigint, { txHash }: Relayed): Promise<Run | null> {
    const shown = await readActed({ bountyId, txHash }).catch(unlessBehind)
    return shown?.data.run ? formatRun(shown.data.run, shown.snapshot.now) : null
  }

  /** The run and the block of the action, once the index shows it. */
  const readMade = (c: Context, bountyId: bigint, { txHash, blockNumber: block }: Done, signal: AbortSignal) =>
    readUntilShown(
      c,
      async () => {
        const { snapshot, data } = await readActed({ bountyId, txHash }, { block, signal })
        const { run, blockNumber } = data
        return {
          snapshot,
          shown: run && blockNumber !== null ? { run: formatRun(run, snapshot.now), blockNumber } : undefined,
        }
      },
      signal,
    )

  return {
    /** @param preferred the header `Prefer`. @throws Problem as the relay refuses. */
    async act(c: Context, message: Message, signature: Hex, preferred: string | undefined): Promise<Acted> {
      const relay = relayOf(deps, message.action)
      limits?.takeClaim(c)
      const until = waitingTime(c, preferred)
      const request = { requestId: c.get('requestId'), message, signature }
      const outcome = await relay.act(request, { ...requesterOf(c, limits), until }).catch((error) => {
        throw problemOfAction(error, message)
      })
      const { txHash } = outcome
      if (!txHash) throw new Error(`Action ${outcome.actionId} is done by no known transaction`)
      return { relay, outcome: { ...outcome, txHash }, until }
    },

    /** Answers with the run. @param bountyId null of a post that is not made. @param message what is made. */
    async answerWithRun(c: Context, { relay, outcome, until }: Acted, bountyId: bigint | null, message: string) {
      const made = outcome.status === 'done' && bountyId !== null && (await readMade(c, bountyId, outcome, until))
      if (outcome.status === 'done' && made) {
        const how = await madeIn(relay, outcome, made)
        return c.json({ success: true as const, run: made.run, message, ...how }, 200)
      }
      const run = bountyId === null ? null : await runNow(bountyId, outcome)
      return c.json({ success: false as const, run, ...pending(c, outcome) }, 202)
    },
  }
}

/**
 * Reads until the index shows what was made, and sets the headers that name the block.
 * @param read returns what the index shows; undefined if it does not show it yet.
 * @returns undefined if the index does not show it until `signal` aborts.
 */
export async function readUntilShown<Shown>(
  c: Context,
  read: () => Promise<{ snapshot: Snapshot; shown: Shown | undefined }>,
  signal: AbortSignal,
): Promise<Shown | undefined> {
  do {
    try {
      const { snapshot, shown } = await read()
      for (const [name, value] of Object.entries(blockHeadersOf(snapshot))) c.header(name, value)
      if (shown !== undefined) return shown
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'INDEX_BEHIND')) throw error
    }
    await sleep(INDEX_INTERVAL_MS)
  } while (!signal.aborted)
  return undefined
}

/** For a `catch` of reads of the index, whose answer can do without. @throws any other error. */
export function unlessBehind(error: unknown): undefined {
  if (error instanceof Problem && error.code === 'INDEX_BEHIND') return undefined
  throw error
}

/** The members that say how the action was made. */
export const madeIn = async (relay: Relay, { actionId, txHash }: Done, { blockNumber }: { blockNumber: bigint }) => ({
  actionId,
  txHash,
  blockNumber: Number(blockNumber),
  finalized: await relay.isFinal(blockNumber),
})

/** The members that say how an undecided action continues. Sets the headers that name its state. */
export function pending(c: Context, { actionId, txHash, status }: Relayed) {
  c.header('Location', `/api/actions/${actionId}`)
  c.header('Retry-After', String(RETRY_AFTER_SECONDS))
  return { message: PENDING_MESSAGE, actionId, txHash, status: status === 'done' ? ('mined' as const) : status }
}
