import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { keyOf, roles } from '../../devnet/accounts.ts'
import { type Api, startApi } from '../../devnet/api.ts'
import type { TestMarket } from '../support/market.ts'

/** How often the relay's tables are looked at while something is awaited of them. Milliseconds. */
const LOOK = 10

/** What a kill met. */
export type Kill = {
  /** How many replicas died of it. */
  victims: number
  /** Claims in flight: their bytes stored and not yet handed to the node, or handed to it and not yet mined. */
  signed: number
  accepted: number
  /** Milliseconds that claims in flight were unmined although a replica was there: the other one, or the first new one. */
  recovery: number
}

type Options = {
  /** A random integer below `limit`. */
  draw: (limit: number) => number
}

/** Two replicas with one key, which die without warning and are replaced by new ones. */
export async function startMortalApis(market: TestMarket, { draw }: Options) {
  const start = () => startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })
  const pool = new pg.Pool({ connectionString: market.databaseUrl, max: 2 })
  let apis: Api[] = await Promise.all([start(), start()])

  async function replace(api: Api): Promise<Api> {
    await api.part.ended
    await api.stop()
    return start()
  }

  async function inFlight() {
    const { rows } = await pool.query<{ id: string; state: 'signed' | 'accepted'; claims: number }>(
      `SELECT tx.id, tx.state, count(*)::int AS claims FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
       WHERE claim.state = 'open' AND tx.state IN ('signed', 'accepted') GROUP BY tx.id`,
    )
    return rows
  }

  /** Resolves as soon as a claim is stored that was not before, or there is nothing to wait for any more. */
  async function nextStored(milliseconds: number) {
    const text = 'SELECT count(*)::int AS claims FROM relay.claim'
    const before = (await pool.query(text)).rows[0].claims
    const end = performance.now() + milliseconds
    while ((await pool.query(text)).rows[0].claims === before && performance.now() < end) await sleep(LOOK)
  }

  async function mined(txs: string[]) {
    const text = `SELECT FROM relay.tx WHERE id = ANY($1) AND state IN ('signed', 'accepted')`
    while (((await pool.query(text, [txs])).rowCount ?? 0) > 0) await sleep(LOOK)
  }

  return {
    /** Of one of the replicas. */
    url: () => apis[draw(apis.length)]?.url ?? '',

    /**
     * Kills one replica or both: at a random instant within `milliseconds`, or right after a claim was stored, when its
     * process is about to send it. Then starts the next ones, and waits until what was in flight is mined.
     */
    async kill(milliseconds: number): Promise<Kill> {
      await (draw(3) ? sleep(draw(milliseconds)) : nextStored(milliseconds))
      const victim = draw(4)
      const victims = apis.filter((_, index) => victim > 1 || victim === index)
      const flying = await inFlight()
      for (const { part } of victims) process.kill(-part.pid, 'SIGKILL')
      const replacing = victims.map(replace)
      const isOneLeft = victims.length < apis.length
      const served = (isOneLeft ? Promise.resolve() : Promise.race(replacing)).then(() => performance.now())
      const settled = mined(flying.map(({ id }) => id)).then(() => performance.now())
      const survivors = apis.filter((api) => !victims.includes(api))
      apis = [...survivors, ...(await Promise.all(replacing))]
      const claimsIn = (state: string) =>
        flying.filter((tx) => tx.state === state).reduce((sum, { claims }) => sum + claims, 0)
      return {
        victims: victims.length,
        signed: claimsIn('signed'),
        accepted: claimsIn('accepted'),
        recovery: Math.max(0, (await settled) - (await served)),
      }
    },

    async stop() {
      await pool.end()
      await Promise.all(apis.map((api) => api.stop()))
    },
  }
}
