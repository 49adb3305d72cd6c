import type pg from 'pg'
import { query } from './database.ts'

/** Locks names until the transaction ends. All processes use one order, which excludes deadlocks. */
export async function lockNames(db: pg.PoolClient, names: readonly string[]) {
  const text = `
    SELECT pg_advisory_xact_lock(id) FROM (
      SELECT DISTINCT hashtextextended(name, 0) AS id FROM unnest($1::text[]) AS name ORDER BY id) AS locks`
  await query(db, text, [names])
}
