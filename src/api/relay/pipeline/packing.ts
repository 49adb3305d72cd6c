import type { Address } from 'viem'
import { claimsCall, gasOfItems, itemsWithin } from '../kinds/claims/gas.ts'
import type { Places } from '../kinds/kind.ts'
import { type ActionRequest, isClaim } from '../kinds/request.ts'
import type { Room } from '../sender/action.ts'
import type { Call } from '../sender/keys/signing.ts'
import type { PipelineContext } from './context.ts'

/** The parts of a signer's unmined transactions that actions may be. They leave a quarter, so that work always finds a place. */
const PARTS = { work: 1, free: 0.5, open: 0.25 }

/** The most unmined transactions of a signer that are `places`. */
export const mostPlaces = (places: Places, maxUnmined: number): number =>
  Math.max(1, Math.floor(maxUnmined * PARTS[places]))

/** How many more transactions of a signer may have these places. */
export type PlacesLeft = ReadonlyMap<Places, number>

/**
 * What an action takes of its signer. `gas`: the limit of a transaction of its own. `isShared`: whether it shares one: a claim
 * that runs no code of its wallet.
 */
export type Packed = { places: Places; gas: bigint; isShared: boolean }

/**
 * The call that makes these actions in a transaction: several are claims.
 * @param actions with the gas limit of a transaction for each one alone.
 */
export function callOfAll(
  { kinds, market }: Pick<PipelineContext, 'kinds' | 'market'>,
  from: Address,
  actions: readonly { request: ActionRequest; gas: bigint }[],
): Call {
  const [only, ...others] = actions
  if (!only) throw new Error('A transaction has no action')
  const requests = actions.map(({ request }) => request)
  if (others.length === 0) return { ...kinds.callOf(from, only.request), gas: only.gas }
  if (!requests.every(isClaim)) throw new Error('Only claims share a transaction')
  return claimsCall(market, from, requests)
}

/**
 * Packs actions into as few transactions as a signer can send, in their order.
 * @param maxBatch the most actions of a transaction. @param left absent of places: as many as the room has.
 */
export function createPacking(room: Room, maxBatch: number, left: PlacesLeft) {
  let { gas, transactions } = room
  const free = new Map(left)
  let count = 0
  /** The shared transaction that is filled now. */
  let open: { tx: number; items: number; most: number } | undefined

  /** The gas that the action adds to the shared transaction; undefined if that is full. */
  function addedGas({ isShared }: Packed): bigint | undefined {
    if (!isShared || !open || open.items >= open.most) return undefined
    const added = gasOfItems(open.items + 1) - gasOfItems(open.items)
    return added <= gas ? added : undefined
  }

  function hasTransactionFor({ places, gas: own, isShared }: Packed): boolean {
    if (transactions <= 0 || (free.get(places) ?? transactions) <= 0) return false
    // Without unmined transactions, the node decides whether the funds suffice for one claim.
    if (isShared && count === 0) return true
    return own <= gas && own <= room.gasPerTransaction
  }

  return {
    fits: (action: Packed): boolean => addedGas(action) !== undefined || hasTransactionFor(action),

    /** @returns the transaction of an action that fits, counted from 0. */
    take(action: Packed): number {
      const { places, gas: own, isShared } = action
      const added = addedGas(action)
      if (open && added !== undefined) {
        gas -= added
        open.items++
        return open.tx
      }
      const tx = count++
      if (isShared) {
        const most = itemsWithin(lesser(gas, room.gasPerTransaction))
        open = { tx, items: 1, most: Math.min(maxBatch, most) }
      }
      gas -= isShared ? gasOfItems(1) : own
      transactions--
      const ofPlaces = free.get(places)
      if (ofPlaces !== undefined) free.set(places, ofPlaces - 1)
      return tx
    },
  }
}

const lesser = (left: bigint, right: bigint) => (left < right ? left : right)
