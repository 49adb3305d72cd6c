import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import type { TestMarket } from '../../support/market.ts'
import { claimsInFlight } from '../../support/relayRows.ts'

/** Milliseconds between two reads of the relay's tables while waiting for a change. */
const LOOK = 10

/** The effects of one kill. */
export type Kill = {
  /** The number of killed replicas. */
  victims: number
  /** Claims in flight: stored and not yet sent to the node, or sent and not yet mined. */
  signed: number
  accepted: number
  /** Blocks that claims in flight stayed unmined while a replica was up: the other one, or the first new one. */
  recovery: number
}

type Options = {
  /** A random integer below `limit`. */
  draw: (limit: number) => number
}

/** Two replicas with the same key that are killed and replaced. */
export async function startKillableApis(market: TestMarket, { draw }: Options) {
  const start = () => startApi({ ...market, port: 0, relayerKey: keyOf(roles.relayer) })
  const pool = new pg.Pool({ connectionString: market.databaseUrl, max: 2 })
  const head = async () => Number(await market.client.getBlockNumber({ cacheTime: 0 }))
  let apis: Api[] = await Promise.all([start(), start()])

  async function replace(api: Api): Promise<Api> {
    await api.part.ended
    await api.stop()
    return start()
  }

  const inFlight = () => claimsInFlight(pool)

  /** Resolves once a claim is in flight. @throws if none is for 10 s. */
  async function untilInFlight() {
    const end = performance.now() + 10_000
    while ((await inFlight()).length === 0) {
      if (performance.now() > end) throw new Error('no claim is in flight for 10 s')
      await sleep(LOOK)
    }
  }

  async function mined(txs: string[]) {
    const text = `SELECT FROM relay.tx WHERE id = ANY($1) AND state IN ('signed', 'accepted')`
    while (((await pool.query(text, [txs])).rowCount ?? 0) > 0) await sleep(LOOK)
  }

  return {
    /** The URL of one of the replicas. */
    url: () => apis[draw(apis.length)]?.url ?? '',

    /**
     * Kills one replica or both: as soon as a claim is in flight, often before its process sends it, or else at a random time
     * within `milliseconds`. Then starts the replacements, and waits until the claims in flight are mined.
     */
    async kill(milliseconds: number, isInFlight: boolean): Promise<Kill> {
      await (isInFlight ? untilInFlight() : sleep(draw(milliseconds)))
      const victim = draw(4)
      const victims = apis.filter((_, index) => victim > 1 || victim === index)
      const flying = await inFlight()
      for (const { part } of victims) process.kill(-part.pid, 'SIGKILL')
      const replacing = victims.map(replace)
      const isOneLeft = victims.length < apis.length
      const served = (isOneLeft ? Promise.resolve() : Promise.race(replacing)).then(head)
      const settled = mined(flying.map(({ id }) => id)).then(head)
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
