import { createBatcher } from '../../../../core/batcher.ts'
import { createFairLane, type Requester } from '../../../../core/fairLane.ts'
import type { Places } from '../kinds/kind.ts'
import { rateLimited, unavailable } from '../refusal.ts'

/** Two batches of placements: while one is stored, the next one is simulated. */
const MOST_TURNS = 32

/** How far apart simulations start of actions that cost their clients nothing, those of one turn each together. */
const SIMULATIONS_INTERVAL_MS = 200

const LANE = {
  maxWaitingPerClient: 64,
  waiting: 'actions wait for a signer',
  refuseFull: rateLimited,
  refuseGone: unavailable,
}

/** The parts of a signer's unmined transactions that actions may be. They leave a quarter, so that work always finds a place. */
const PARTS = { work: 1, free: 0.5, open: 0.25 }

/** The most unmined transactions of a signer that are `places`. */
export const mostPlaces = (places: Places, maxUnmined: number): number =>
  Math.max(1, Math.floor(maxUnmined * PARTS[places]))

/**
 * Runs work in turn, in which clients alternate. No more run at once than a signer has places for: the
 * others need not try again each time that a few places become free.
 */
export function createTurns(maxUnmined: number) {
  const laneOf = (places: Places) =>
    createFairLane({ ...LANE, concurrency: Math.min(MOST_TURNS, mostPlaces(places, maxUnmined)) })
  const lanes = { work: laneOf('work'), free: laneOf('free'), open: laneOf('open') }
  const paced = createBatcher(async (all: readonly Places[]) => all, { intervalMs: SIMULATIONS_INTERVAL_MS })

  return {
    /**
     * @param until ends the wait for a turn.
     * @throws Refusal RATE_LIMITED; RELAY_UNAVAILABLE if there is no turn in time, or the client disconnects.
     */
    async inTurn<T>(
      places: Places,
      { client, gone, until }: Requester & { until: AbortSignal },
      work: () => Promise<T>,
    ): Promise<T> {
      let hasTurn = false
      const start = () => {
        hasTurn = true
        return work()
      }
      try {
        return await lanes[places]({ client, gone: AbortSignal.any([gone, until]) }, start)
      } catch (error) {
        if (hasTurn || gone.aborted || !until.aborted) throw error
        throw unavailable('Other actions wait for the relayer’s unmined transactions to be mined.')
      }
    },

    /** Waits until an action that has its turn may be simulated. What is refused then may cost its client nothing. */
    async pace(places: Places): Promise<void> {
      if (places !== 'work') await paced(places)
    },
  }
}
