import { setTimeout as sleep } from 'node:timers/promises'
import { asc, eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import type { Hex } from 'viem'
import { agent, head, marketDay, payee, poster, run, runEvent } from '../../../ponder.schema.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'

const viewsSchema = 'runline'

export type Index = Awaited<ReturnType<typeof startIndexOf>>

/** The production indexer of a market, and its tables as readers see them through the views. */
export async function startIndexOf(chain: MarketOnAnvil, databaseUrl: string, env: Record<string, string> = {}) {
  const start = (more: Record<string, string> = {}) =>
    startIndexer({ ...chain, databaseUrl, schema: viewsSchema, env: { ...env, ...more } })
  let indexer = await start()

  const pool = new pg.Pool({ connectionString: databaseUrl, options: `-c search_path=${viewsSchema}` })
  const db = drizzle(pool, { casing: 'snake_case' })

  /** The head and the checkpoint's block, from one statement. Undefined while there is no head. */
  async function snapshot() {
    const { rows } = await db.execute<{ number: string; hash: Hex; checkpoint: string }>(sql`
      SELECT number, hash, substring(latest_checkpoint FROM 27 FOR 16)::int8 AS checkpoint
      FROM head JOIN _ponder_checkpoint USING (chain_id)`)
    return rows[0]
  }

  /** Waits until head and checkpoint are at the chain's latest block. */
  async function settle(milliseconds = 90_000) {
    const deadline = Date.now() + milliseconds
    for (;;) {
      const latest = await chain.client.getBlock()
      const seen = await snapshot().catch(viewsMissing)
      const isConsistent = seen !== undefined && seen.number === seen.checkpoint
      if (isConsistent && BigInt(seen.number) === latest.number && seen.hash === latest.hash) return
      if (Date.now() > deadline) {
        throw new Error(
          `The index is at ${JSON.stringify(seen)}, not at block ${latest.number}:\n${indexer.part.output()}`,
        )
      }
      await sleep(20)
    }
  }

  return {
    /** Every row of every table, once the index is at the chain's latest block. */
    async tables(milliseconds?: number) {
      await settle(milliseconds)
      return {
        runs: await db.select().from(run).orderBy(asc(run.bountyId)),
        agents: await db.select().from(agent).orderBy(asc(agent.id)),
        runEvents: await db.select().from(runEvent).orderBy(asc(runEvent.id)),
        marketDays: await db.select().from(marketDay).orderBy(asc(marketDay.day)),
        posters: await db.select().from(poster).orderBy(asc(poster.address)),
        payees: await db.select().from(payee).orderBy(asc(payee.address)),
        heads: await db.select().from(head),
      }
    },
    async run(bountyId: bigint) {
      await settle()
      const [row] = await db.select().from(run).where(eq(run.bountyId, bountyId))
      if (!row) throw new Error(`No row of run ${bountyId}`)
      return row
    },
    async agent(id: bigint) {
      await settle()
      const [row] = await db.select().from(agent).where(eq(agent.id, id))
      if (!row) throw new Error(`No row of agent ${id}`)
      return row
    },
    output: () => indexer.part.output(),
    /** Ends the indexer as `kill -9` does. */
    async kill() {
      process.kill(indexer.part.pid, 'SIGKILL')
      await indexer.part.ended
    },
    /** Ends the indexer as an operator does. @returns how it ended. */
    async terminate() {
      await indexer.stop()
      return indexer.part.ended
    },
    /** Resolves with how the process ended by itself. */
    ended: () => indexer.part.ended,
    async startAgain(env: Record<string, string> = {}) {
      indexer = await start(env)
    },
    async stop() {
      // First, because the pool does not await the end of its connections, and a server that stops would end them with an
      // error.
      await pool.end()
      await indexer.stop()
    },
  }
}

/** Ponder creates the views once its first backfill is done. */
function viewsMissing(error: unknown) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof pg.DatabaseError && cause.code === '42P01') return undefined
  throw error
}
