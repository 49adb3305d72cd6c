import type pg from 'pg'
import type { Hex } from 'viem'

/**
 * The block at which an answer is true. `now`, in seconds, is the later of the block's timestamp and the clock: the
 * earliest time at which a new transaction can run. `checkpoint` is the block of Ponder's own checkpoint.
 */
export type Snapshot = { number: bigint; hash: Hex; timestamp: bigint; checkpoint: bigint; now: bigint }

/** Whether the rows are those of the block `number`. They are not while Ponder reverts and replays rows. */
export function isConsistent({ number, checkpoint }: Snapshot): boolean {
  return number === checkpoint
}

/** Answers of equal validity to the same question have equal bytes. */
export const validityOf = ({ hash, now }: Pick<Snapshot, 'hash' | 'now'>): string => `${hash} ${now}`

/** `now` of a snapshot. @param clock this machine's time in milliseconds. */
export function timeAt(timestamp: bigint, clock: number): bigint {
  const time = BigInt(Math.floor(clock / 1_000))
  return time > timestamp ? time : timestamp
}

/** The chain to read, and this machine's time in milliseconds. */
export type Moment = { chainId: number; clock: number }

/** A checkpoint has 10 digits of timestamp and 16 of chain id before the 16 of the block number. */
const selectHead = (chainId: number) => `
  SELECT number, hash, timestamp, substring(latest_checkpoint FROM 27 FOR 16)::int8 AS checkpoint
  FROM head JOIN _ponder_checkpoint USING (chain_id) WHERE chain_id = ${chainId}`

/**
 * Begins a transaction, whose queries all see the state of its first one: head and checkpoint.
 *
 * `head` is read first. That locks its view, so no switch to another build can change the other views before the
 * transaction ends: see ops/builds/views.ts.
 * @returns undefined while no block is indexed.
 */
export async function beginSnapshot(client: pg.ClientBase, moment: Moment): Promise<Snapshot | undefined> {
  // One round trip. node-postgres returns a result for each statement, unlike its types.
  const results: unknown = await client.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${selectHead(moment.chainId)}`,
  )
  const [, heads] = results as [unknown, pg.QueryResult<HeadRow>]
  return snapshotOf(heads.rows[0], moment)
}

/** Reads head and checkpoint alone. @returns undefined while no block is indexed. */
export async function readSnapshot(db: Pick<pg.Pool, 'query'>, moment: Moment): Promise<Snapshot | undefined> {
  const { rows } = await db.query<HeadRow>(selectHead(moment.chainId))
  return snapshotOf(rows[0], moment)
}

type HeadRow = { number: string; hash: Hex; timestamp: string; checkpoint: string }

function snapshotOf(head: HeadRow | undefined, { clock }: Moment): Snapshot | undefined {
  if (head === undefined) return undefined
  const timestamp = BigInt(head.timestamp)
  const { hash, number, checkpoint } = head
  return { number: BigInt(number), hash, timestamp, checkpoint: BigInt(checkpoint), now: timeAt(timestamp, clock) }
}
