import { getTableColumns, sql } from 'drizzle-orm'
import type { Address, Hex } from 'viem'
import {
  agent,
  RECENT_BLOCKS,
  recentBlock,
  runEvent,
  type runEventNames,
  unchangingEvents,
} from '../../../ponder.schema.ts'
import { agentStatus, registrationColumns, type ShownAgentRow } from './agents.ts'
import { jsonBoolean, jsonObject, jsonText } from './json.ts'
import type { RunState } from './runList.ts'
import { runJson } from './runs.ts'
import { finalizedBlock, plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

/** How many changes a read returns at most: the JSON of so many runs has about 5 MB. */
const MAX_CHANGES = 5_000

/** How many events a read passes at most, also such as change no run: any account can cause these in any number. */
const MAX_PASSED_EVENTS = 100_000

/**
 * How many blocks up to the finalized one a read returns, beside all after it, to find where two branches fork. Where the
 * index was made by a backfill, only some of them are stored. A client that has last read longer ago names a block that was
 * final then.
 */
const COMPARED_BLOCKS = 256

/** A block by its place in the order of events. The timestamp is in seconds. */
export type Mark = { number: bigint; timestamp: bigint }

export type Block = Mark & { hash: Hex }

/** What a client has: the changes before the block `since`, a block `to` of its branch, and one that was final then. */
export type Past = { since: Mark; to: Block; final: bigint }

/** What filters depend on and a change of a run may change. */
export type Standing = { block: bigint; state: RunState; claimedBy: bigint | null }

/** Of a run's JSON. */
export type RunTerms = { reward: string; posterAddress: Address; ipfsHash: string }

/** A run or an agent that changed. `block` is the last block that changed it. */
export type Change = { id: bigint; block: bigint } & (
  | {
      type: 'run'
      json: string
      /** What filters depend on and no change changes. */
      terms: RunTerms
      /** The block `block`. */
      at: Block
      /** At the block from which the changes were read, if the run existed, and at the end of each block that changed it. */
      standings: readonly Standing[]
    }
  | {
      type: 'agent'
      /** Its owner is null if the registry burned it, or never had it. Its URI was read only if it is new. */
      row: Omit<ShownAgentRow, 'owner'> & { owner: Hex | null }
      /** Whether the URI was set, or the agent registered, since the block from which the changes were read. */
      isURINew: boolean
    }
)

export type Changes = {
  /** Whether the block that was asked about is part of the chain. If not, no change is read. */
  isKnown: boolean
  /** Whether there are more changes than `MAX_CHANGES`, or more events than `MAX_PASSED_EVENTS`. Then none is read. */
  areTooMany: boolean
  /** Runs by id, then agents by id. */
  changes: Change[]
  /** Stored blocks, the highest first: the latest, and the client's final one. Not all are stored: see `recentBlock`. */
  recent: Block[]
  /** The latest block that Ponder counts as finalized. */
  finalized: bigint
}

type Row = {
  known: boolean
  many: boolean
  finalized: bigint
  kind: 'block' | 'run' | 'agent' | null
  id: string
  json: string
  details: string
  before: string | null
}

/** The state after each event; null where it stays. */
const stateAfter: Record<(typeof runEventNames)[number], RunState | null> = {
  BountyCreated: 'DRAFT',
  BountyFunded: 'OPEN',
  BountyWithdrawn: 'DRAFT',
  BountyClosing: null,
  BountyClaimed: 'CLAIMED',
  ClaimRefused: null,
  WorkStarted: 'IN_PROGRESS',
  WorkSubmitted: 'SUBMITTED',
  RevisionRequested: 'REVISION_REQUESTED',
  BountyApproved: 'APPROVED',
  BountyRejected: 'REJECTED',
  ClaimSlashed: 'OPEN',
  ClaimAbandoned: 'OPEN',
  PaymentDeferred: null,
}

/** Literals, because PostgreSQL uses a partial index only where the text of the statement implies its condition. */
const changesRun = sql.raw(`"name" not in ('${unchangingEvents.join(`', '`)}')`)
const setsState = sql`${changesRun} and ${runEvent.name} <> 'BountyClosing'`

const eventJson = sql`json_build_array(${runEvent.blockNumber}::text, ${runEvent.timestamp}::text, ${runEvent.blockHash},
  ${runEvent.name}, ${runEvent.agentId}::text)`

const sinceNumber = sql`${sql.placeholder('since')}::int8`
const { frozen, banned, agentURITruncated, ...otherColumns } = getTableColumns(agent)

/** As text, because JSON's numbers are not exact beyond 2^53. */
const agentMembers = {
  ...Object.fromEntries(Object.entries(otherColumns).map(([name, column]) => [name, jsonText(column)])),
  agentURI: jsonText(sql`case when ${agent.agentURIBlock} > ${sinceNumber} then ${agent.agentURI} end`),
  frozen: jsonBoolean(frozen),
  banned: jsonBoolean(banned),
  agentURITruncated: jsonBoolean(agentURITruncated),
  status: jsonText(agentStatus),
  name: jsonText(registrationColumns.name),
  description: jsonText(registrationColumns.description),
}

const limit = sql.raw(String(MAX_CHANGES))
const ring = sql.raw(String(RECENT_BLOCKS))
const number = sql`${sql.placeholder('number')}::int8`
const hash = sql.placeholder('hash')
const isSince = sql`${runEvent.id} > ${sql.placeholder('sinceEnd')}`

/** One row: whether the block of `valuesOfBlock` is part of the chain, `"known"`. */
const isOfBranch = sql`
      select exists (select from ${recentBlock} where ${recentBlock.slot} = ${number} % ${ring}
          and ${recentBlock.number} = ${number} and ${recentBlock.hash} = ${hash})
        or exists (select from ${runEvent} where ${runEvent.id} > ${sql.placeholder('start')}
          and ${runEvent.id} < ${sql.placeholder('end')} and ${runEvent.blockHash} = ${hash}) as "known"
    `

/** The values of `isOfBranch`. `end` is also the least id of the events of later blocks. */
const valuesOfBlock = (chainId: number, block: Block) => ({
  number: String(block.number),
  hash: block.hash,
  start: idOf(chainId, block, '0'),
  end: idOf(chainId, block, '9'),
})

const findChanges = plainQuery<Row>(
  'changes',
  sql`${withSnapshot}, "branch" as (${isOfBranch}), "passed" as (
      select ${runEvent.bountyId} as "run", ${runEvent.name} as "name" from ${runEvent}
      where (select "known" from "branch") and ${isSince}
      order by ${runEvent.id} limit ${sql.raw(String(MAX_PASSED_EVENTS))} + 1
    ), "events" as (
      select "run" from "passed" where ${changesRun} limit ${limit} + 1
    ), "agents" as (
      select ${agent.id} as "id" from ${agent}
      where (select "known" from "branch") and ${agent.updatedBlock} > ${sinceNumber}
      order by ${agent.updatedBlock} limit ${limit} + 1
    ), "size" as (
      select case when greatest((select count(*) from "events"), (select count(*) from "agents")) > ${limit} then true
        else (select count(*) from "passed") > ${sql.raw(String(MAX_PASSED_EVENTS))} end as "many"
    ), "rows" as (
      select 'block' as "kind", ${recentBlock.number}::text as "id", ${recentBlock.hash} as "json",
        ${recentBlock.timestamp}::text as "details", null as "before"
      from (select generate_series(least((select "number" from "snapshot"), ${finalizedBlock}) - ${sql.raw(String(COMPARED_BLOCKS - 1))},
          (select "number" from "snapshot")) union select ${sql.placeholder('shared')}::int8) as "numbers" ("number")
        join ${recentBlock} on ${recentBlock.slot} = "numbers"."number" % ${ring} and ${recentBlock.number} = "numbers"."number"
      union all
      select 'run', "changed"."id"::text, ${runJson(sql`"changed"."id"`)}, (
        select json_agg(${eventJson} order by ${runEvent.id})::text from ${runEvent}
        where ${runEvent.bountyId} = "changed"."id" and ${isSince} and ${changesRun}), (
        select ${eventJson}::text from ${runEvent}
        where ${runEvent.bountyId} = "changed"."id" and ${runEvent.id} <= ${sql.placeholder('sinceEnd')} and ${setsState}
        order by ${runEvent.id} desc limit 1)
      from (select distinct "run" as "id" from "events" where not (select "many" from "size")) as "changed"
      union all
      select 'agent', ${agent.id}::text, ${jsonObject(agentMembers)}, null, null
      from "agents" join ${agent} on ${agent.id} = "agents"."id" where not (select "many" from "size")
    )
    select "snapshot".*, ${finalizedBlock} as "finalized", "known", "many", "rows".*
    from "snapshot" cross join "branch" cross join "size" left join "rows" on "snapshot"."number" is not null`,
)

/**
 * What changed in the blocks after `since`, up to the snapshot's, if the block `to` is part of the chain.
 * @param chainId Ids of events have it.
 * @param options.alone whether the read has a connection of its own: `MAX_CHANGES` take a tenth of a second.
 */
export function changesSince(
  chainId: number,
  { since, to, final }: Past,
  options: { alone?: boolean } = {},
): SnapshotQuery<Changes> {
  const values = {
    since: String(since.number),
    sinceEnd: idOf(chainId, since, '9'),
    ...valuesOfBlock(chainId, to),
    shared: String(final < since.number ? final : since.number),
  }
  const decode = ({ known, many, finalized }: Row, rows: Row[]): Changes => ({
    isKnown: known,
    areTooMany: many,
    changes: rows.flatMap((row) => decodeChange(row, since) ?? []).toSorted(inOrder),
    recent: rows.flatMap((row) => decodeBlock(row) ?? []).toSorted((a, b) => Number(b.number - a.number)),
    finalized,
  })
  return findChanges(values, decode, options)
}

/**
 * The least or the greatest id that an event of the block can have. Ponder's ids are 10 digits of the timestamp, 16 of
 * the chain id, 16 of the block number, and 33 of the place in the block.
 */
function idOf(chainId: number, { number, timestamp }: Mark, digit: '0' | '9'): string {
  const parts = [
    String(timestamp).padStart(10, '0'),
    String(chainId).padStart(16, '0'),
    String(number).padStart(16, '0'),
  ]
  return parts.join('') + digit.repeat(33)
}

function decodeBlock({ kind, id, json, details }: Row): Block | undefined {
  if (kind !== 'block') return undefined
  return { number: BigInt(id), hash: json as Hex, timestamp: BigInt(details) }
}

type EventJson = [number: string, time: string, hash: Hex, name: (typeof runEventNames)[number], agentId: string | null]

function decodeChange({ kind, id, json, details, before }: Row, since: Mark): Change | undefined {
  if (kind === 'agent') {
    const row = decodeAgent(json)
    const isURINew = row.agentURIBlock > since.number
    return { type: 'agent', id: row.id, block: row.updatedBlock, row, isURINew }
  }
  if (kind !== 'run') return undefined
  const history = JSON.parse(details) as EventJson[]
  const events = before === null ? history : [JSON.parse(before) as EventJson, ...history]
  const standings = standingsAfter(events).filter(({ block }, place, all) => all[place + 1]?.block !== block)
  const [number, time, hash] = history.at(-1) as EventJson
  const at = { number: BigInt(number), timestamp: BigInt(time), hash }
  const terms: RunTerms = JSON.parse(json)
  return { type: 'run', id: BigInt(id), block: at.number, at, json, terms, standings }
}

/** The standing after each event. @throws if the first one sets no state. */
function standingsAfter(events: readonly EventJson[]): Standing[] {
  const standings: Standing[] = []
  for (const [number, , , name, agentId] of events) {
    const block = BigInt(number)
    const state = stateAfter[name]
    const previous = standings.at(-1)
    if (state === null) {
      if (!previous) throw new Error(`No event before ${name} in block ${number} sets the state of the run`)
      standings.push({ ...previous, block })
      continue
    }
    const isUnclaimed = state === 'DRAFT' || state === 'OPEN'
    standings.push({ block, state, claimedBy: isUnclaimed || agentId === null ? null : BigInt(agentId) })
  }
  return standings
}

function decodeAgent(json: string) {
  const { status, name, description, ...row } = JSON.parse(json) as Record<string, string | boolean | null>
  const columns = Object.entries(getTableColumns(agent)).map(([name, column]) => {
    const value = row[name] ?? null
    return [name, value === null ? null : column.mapFromDriverValue(value)]
  })
  return { ...Object.fromEntries(columns), status, name, description } as Extract<Change, { type: 'agent' }>['row']
}

function inOrder(a: Change, b: Change): number {
  if (a.type !== b.type) return a.type === 'run' ? -1 : 1
  return a.id < b.id ? -1 : 1
}
