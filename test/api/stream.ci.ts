import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { agent, recentBlock, run, runEvent, type runEventNames, type runStates } from '../../ponder.schema.ts'
import { formatStreamCursor } from '../../src/api/resources/cursors.ts'
import { checkpointOf } from '../support/indexedTables.ts'
import { readEvents } from '../support/readEvents.ts'
import { eventOf, openRun, poster, seedTime, stakedAgent, wallet } from '../support/rows.ts'
import { blockHash, emptyIndex, type IndexedDatabase } from './indexedDatabase.ts'
import { type TestApi, testApi } from './testApi.ts'

type Writer = Parameters<NonNullable<Parameters<IndexedDatabase['moveTo']>[1]>>[0]
type RunFields = Partial<typeof run.$inferInsert>

let index: IndexedDatabase
let apis: TestApi[]
let readers: ReturnType<typeof readEvents>[]
let lastLog = 0n
/** How far this machine's clock runs ahead. Milliseconds. */
let ahead = 0

beforeEach(async () => {
  apis = []
  readers = []
  ahead = 0
  index = await emptyIndex()
  for (let number = 1n; number < 10n; number++) await index.setHead(blockAt(number))
  await mine(10n, async (tx) => {
    for (const id of [1n, 2n, 3n]) await post(tx, 10n, id)
    await tx.insert(agent).values([stakedAgent(1n), stakedAgent(2n)])
  })
})

afterEach(async () => {
  for (const reader of readers) await reader.stop()
  for (const api of apis) await api.close()
  await index.close()
})

/** Blocks are a second apart. The finalized block is five behind. */
const blockAt = (number: bigint, branch = 0n) => ({
  number,
  timestamp: seedTime + number,
  hash: blockHash(number + branch * 1_000_000n),
  finalized: number - 5n,
})

const mine = (number: bigint, write?: (tx: Writer) => PromiseLike<unknown>, branch = 0n) =>
  index.moveTo(blockAt(number, branch), write)

/** Stores an event of a run, and the run's row as the handlers leave it. */
async function change(
  tx: Writer,
  number: bigint,
  bountyId: bigint,
  name: (typeof runEventNames)[number],
  state: (typeof runStates)[number],
  fields: RunFields = {},
) {
  const { timestamp, hash } = blockAt(number)
  const id = checkpointOf({ number, timestamp }, lastLog++)
  const agentId = fields.claimedBy ?? null
  const event = { id, name, agentId, timestamp, blockNumber: number, blockHash: hash }
  await tx.insert(runEvent).values(eventOf(bountyId, 1, event))
  await tx
    .update(run)
    .set({ state, ...fields })
    .where(eq(run.bountyId, bountyId))
}

async function post(tx: Writer, number: bigint, id: bigint, fields: RunFields = {}) {
  await tx.insert(run).values(openRun(id, fields))
  await change(tx, number, id, 'BountyCreated', 'DRAFT')
  await change(tx, number, id, 'BountyFunded', 'OPEN')
}

const claimed = { claimedBy: 1n, claimedByWallet: wallet, stake: 10_000_000n, round: 1 } as const
const unclaimed = { claimedBy: null, claimedByWallet: null, stake: null } as const
const claim = (tx: Writer, number: bigint, id: bigint) => change(tx, number, id, 'BountyClaimed', 'CLAIMED', claimed)
const abandon = (tx: Writer, number: bigint, id: bigint) => change(tx, number, id, 'ClaimAbandoned', 'OPEN', unclaimed)

async function startApi(limits: Parameters<typeof testApi>[3] = {}) {
  const api = await testApi(index.url, () => Date.now() + ahead, undefined, limits)
  apis.push(api)
  return api
}

async function open(api: TestApi, query = '', headers: Record<string, string> = {}) {
  const response = await api.app.request(`/api/stream${query}`, { headers })
  expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream'])
  if (!response.body) throw new Error('The stream has no body')
  const reader = readEvents(response.body)
  readers.push(reader)
  return reader
}

/** Short names of the events, such as `run 1 CLAIMED`. */
const named = (events: Awaited<ReturnType<ReturnType<typeof readEvents>['next']>>) =>
  events.map(({ event, data }) => {
    const subject = data.bountyId ?? data.id ?? data.reason ?? ''
    return [event, subject, data.state, data.left && 'left', data.block?.number].filter(Boolean).join(' ')
  })

describe('a stream', () => {
  it('begins with the block after which all changes follow, and sends each run and agent once per batch', async () => {
    const api = await startApi()
    const reader = await open(api)
    const [ready] = await reader.next()
    expect(ready).toMatchObject({ event: 'ready', data: { block: { number: 10, hash: blockAt(10n).hash } } })
    await mine(11n, async (tx) => {
      await claim(tx, 11n, 2n)
      await change(tx, 11n, 2n, 'WorkStarted', 'IN_PROGRESS', claimed)
      await post(tx, 11n, 4n)
      const columns = { lockedAmount: 10_000_000n, agentURI: 'ipfs://new', agentURIBlock: 11n, updatedBlock: 11n }
      await tx.update(agent).set(columns).where(eq(agent.id, 1n))
    })
    const events = await reader.next(3)
    expect(named(events)).toEqual(['run 2 IN_PROGRESS 11', 'run 4 OPEN 11', 'agent 1 11'])
    for (const [place, path] of ['runs/2', 'runs/4', 'agents/1'].entries()) {
      const { brief: _, posterRecord: __, applications: ___, ...body } = (await api.get(`/api/${path}`)).body
      const block = { number: 11, hash: blockAt(11n).hash }
      expect(JSON.stringify(events[place]?.data)).toBe(JSON.stringify({ ...body, block }))
    }
    await mine(12n)
    await mine(13n, (tx) => abandon(tx, 13n, 2n))
    expect(named(await reader.next())).toEqual(['run 2 OPEN 13'])
  })

  it('sends the URI of an agent only after a block that set it', async () => {
    const api = await startApi()
    const reader = await open(api, '?types=agent')
    await reader.next()
    await mine(11n, (tx) =>
      tx.update(agent).set({ lockedAmount: 10_000_000n, updatedBlock: 11n }).where(eq(agent.id, 1n)),
    )
    const [changed] = await reader.next()
    const { agentURI, agentURITruncated, ...known } = (await api.get('/api/agents/1')).body
    const block = { number: 11, hash: blockAt(11n).hash }
    expect(JSON.stringify(changed?.data)).toBe(JSON.stringify({ ...known, block }))
    await mine(12n, (tx) =>
      tx
        .update(agent)
        .set({ agentURI: 'ipfs://new', agentURITruncated: true, agentURIBlock: 12n, updatedBlock: 12n })
        .where(eq(agent.id, 1n)),
    )
    expect((await reader.next())[0]?.data).toMatchObject({ agentURI: 'ipfs://new', agentURITruncated: true })
    const resumed = await open(api, `?types=agent&lastEventId=${changed?.id}`)
    expect((await resumed.next())[0]?.data).toMatchObject({ agentURI: 'ipfs://new', agentURITruncated: true })
  })

  it('sends a run that its poster closes in the state that it keeps', async () => {
    const reader = await open(await startApi(), '?state=CLAIMED&agentId=1&types=run')
    await reader.next()
    await mine(11n, (tx) => claim(tx, 11n, 2n))
    expect(named(await reader.next())).toEqual(['run 2 CLAIMED 11'])
    await mine(12n, (tx) => change(tx, 12n, 2n, 'BountyClosing', 'CLAIMED', { closing: true }))
    const [closed] = await reader.next()
    expect(closed?.data).toMatchObject({ bountyId: 2, state: 'CLAIMED', claimedBy: 1, closing: true })
    await mine(13n, async (tx) => {
      await abandon(tx, 13n, 2n)
      await change(tx, 13n, 2n, 'BountyWithdrawn', 'DRAFT', { closing: false })
    })
    expect(named(await reader.next())).toEqual(['run 2 DRAFT left 13'])
  })

  it('sends a run whose last event before names a claimant', async () => {
    const reader = await open(await startApi(), '?state=OPEN')
    await reader.next()
    await mine(11n, (tx) => change(tx, 11n, 2n, 'ClaimantNamed', 'OPEN', { claimant: wallet }))
    expect(named(await reader.next())).toEqual(['run 2 OPEN 11'])
    await mine(12n, (tx) => claim(tx, 12n, 2n))
    expect(named(await reader.next())).toEqual(['run 2 CLAIMED left 12'])
  })

  it('sends no event for a refused claim or a deferred payment', async () => {
    const reader = await open(await startApi())
    await reader.next()
    await mine(11n, async (tx) => {
      const { timestamp } = blockAt(11n)
      for (const name of ['ClaimRefused', 'PaymentDeferred'] as const) {
        const id = checkpointOf({ number: 11n, timestamp }, lastLog++)
        await tx.insert(runEvent).values(eventOf(1n, 1, { id, name, blockNumber: 11n, blockHash: blockAt(11n).hash }))
      }
    })
    await mine(12n, (tx) => claim(tx, 12n, 3n))
    expect(named(await reader.next())).toEqual(['run 3 CLAIMED 12'])
  })

  it('reads the changes of a block once, however many streams there are', async () => {
    const api = await startApi()
    const all = await Promise.all(Array.from({ length: 20 }, () => open(api)))
    for (const reader of all) await reader.next()
    const reads = api.countReads()
    await mine(11n, (tx) => claim(tx, 11n, 1n))
    for (const reader of all) expect(named(await reader.next())).toEqual(['run 1 CLAIMED 11'])
    expect(reads.transactions()).toBe(1)
  })

  it('continues after the index could not be read', async () => {
    const reader = await open(await startApi())
    await reader.next()
    const client = await index.pool.connect()
    await client.query('BEGIN; LOCK TABLE head IN ACCESS EXCLUSIVE MODE')
    await sleep(1_000)
    await client.query('ROLLBACK')
    client.release()
    await mine(11n, (tx) => claim(tx, 11n, 1n))
    expect(named(await reader.next())).toEqual(['run 1 CLAIMED 11'])
  })

  it('does not read the index once its client has gone', async () => {
    const api = await startApi()
    const reader = await open(api)
    await reader.next()
    await reader.stop()
    await sleep(1_200)
    const query = vi.spyOn(api.readPool, 'query')
    await sleep(600)
    expect(query.mock.calls).toEqual([])
  })
})

describe('a filter', () => {
  it.each([
    ['?types=agent', ['agent 1 12']],
    ['?types=run', ['run 1 CLAIMED 12', 'run 3 DRAFT 12', 'run 4 OPEN 12']],
    ['?state=CLAIMED', ['run 1 CLAIMED 12']],
    ['?state=OPEN', ['run 1 CLAIMED left 12', 'run 3 DRAFT left 12', 'run 4 OPEN 12']],
    ['?minReward=100.5', ['run 4 OPEN 12']],
    ['?minReward=100&types=run,agent', ['run 1 CLAIMED 12', 'run 3 DRAFT 12', 'run 4 OPEN 12', 'agent 1 12']],
    [`?poster=${wallet}`, ['run 4 OPEN 12']],
    ['?agentId=1', ['run 1 CLAIMED 12', 'agent 1 12']],
    ['?runId=3', ['run 3 DRAFT 12']],
    ['?runId=3&state=OPEN', ['run 3 DRAFT left 12']],
  ])('%s selects events', async (query, expected) => {
    const api = await startApi()
    const reader = await open(api, query)
    await reader.next()
    await mine(12n, async (tx) => {
      await claim(tx, 12n, 1n)
      await change(tx, 12n, 3n, 'BountyWithdrawn', 'DRAFT')
      await post(tx, 12n, 4n, { reward: 200_000_000n, posterAddress: wallet })
      await tx.update(agent).set({ updatedBlock: 12n }).where(eq(agent.id, 1n))
    })
    expect(named(await reader.next(expected.length))).toEqual(expected)
    await sleep(50)
    expect(reader.events).toHaveLength(1 + expected.length)
  })

  it('says that a run has left also where it was in the set only between two batches', async () => {
    const api = await startApi()
    const [ofState, ofAgent, ofDraft] = await Promise.all([
      open(api, '?state=CLAIMED'),
      open(api, '?agentId=1&types=run'),
      open(api, '?state=DRAFT'),
    ])
    for (const reader of [ofState, ofAgent, ofDraft]) await reader.next()
    // The feed cannot see block 11: both blocks are committed at once.
    await mine(12n, async (tx) => {
      await claim(tx, 11n, 1n)
      await abandon(tx, 12n, 1n)
      await post(tx, 12n, 4n)
    })
    expect(named(await ofState.next())).toEqual(['run 1 OPEN left 12'])
    expect(named(await ofAgent.next())).toEqual(['run 1 OPEN left 12'])
    // Run 4 was a draft within a block only, which no answer shows.
    await sleep(50)
    expect(ofDraft.events).toHaveLength(1)
  })

  it('tells a wallet that the poster has named it, and that it names another', async () => {
    const name = (number: bigint, claimant: typeof wallet | typeof poster) =>
      mine(number, async (tx) => {
        await change(tx, number, 1n, 'ClaimantNamed', 'OPEN', { claimant })
        const named = and(eq(runEvent.blockNumber, number), eq(runEvent.name, 'ClaimantNamed'))
        await tx
          .update(runEvent)
          .set({ address: claimant.toLowerCase() as typeof wallet })
          .where(named)
      })
    const reader = await open(await startApi(), `?claimant=${wallet}`)
    await reader.next()
    await name(11n, wallet)
    expect(named(await reader.next())).toEqual(['run 1 OPEN 11'])
    await name(12n, poster)
    expect(named(await reader.next())).toEqual(['run 1 OPEN left 12'])
    await name(13n, wallet)
    expect(named(await reader.next())).toEqual(['run 1 OPEN 13'])
    await mine(14n, (tx) => claim(tx, 14n, 1n))
    expect(named(await reader.next())).toEqual(['run 1 CLAIMED 14'])
  })

  it('says that an agent has left which the registry burned', async () => {
    const reader = await open(await startApi(), '?agentId=2')
    await reader.next()
    await mine(11n, (tx) => tx.update(agent).set({ owner: null, updatedBlock: 11n }).where(eq(agent.id, 2n)))
    expect(named(await reader.next())).toEqual(['agent 2 left 11'])
  })

  it.each([
    ['?types=runs', 'types: must be run, agent or run,agent, got "runs".'],
    ['?state=open', 'state: '],
    ['?minReward=-1', 'minReward: '],
    ['?page=1', 'page: is not known here.'],
    ['?lastEventId=7', 'lastEventId: must be the id of an event, got "7".'],
  ])('%s is refused', async (query, detail) => {
    const { status, body } = await (await startApi()).get(`/api/stream${query}`)
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED'])
    expect(body.detail).toContain(detail)
  })
})

describe('a stream that resumes', () => {
  /** A batch of four changes, of which the client has the first, and the id of a client of all. */
  async function broken(query = '') {
    const reader = await open(await startApi(), query)
    await reader.next()
    await mine(11n, async (tx) => {
      for (const id of [1n, 2n, 3n]) await claim(tx, 11n, id)
      await tx.update(agent).set({ updatedBlock: 11n }).where(eq(agent.id, 1n))
    })
    const [first] = await reader.next()
    await reader.stop()
    return first?.id ?? ''
  }

  it('repeats the batch in which the connection broke, by header or parameter, on another replica', async () => {
    const id = await broken()
    const batch = ['run 1 CLAIMED 11', 'run 2 CLAIMED 11', 'run 3 CLAIMED 11', 'agent 1 11']
    const byParameter = await open(await startApi(), `?lastEventId=${id}`)
    expect(named(await byParameter.next(4))).toEqual(batch)
    const byHeader = await open(await startApi(), '?lastEventId=old', { 'Last-Event-ID': id })
    expect(named(await byHeader.next(4))).toEqual(batch)
    await mine(12n, (tx) => abandon(tx, 12n, 2n))
    for (const reader of [byParameter, byHeader]) {
      expect(named(await reader.next())).toEqual(['run 2 OPEN 12'])
      const after = await open(await startApi(), `?lastEventId=${reader.events[3]?.id}`)
      expect(named(await after.next())).toEqual(['run 2 OPEN 12'])
    }
  })

  it('sends each run once that changed in the broken batch or since, and again if the connection breaks again', async () => {
    const id = await broken()
    await mine(12n, async (tx) => {
      await abandon(tx, 12n, 1n)
      await abandon(tx, 12n, 3n)
    })
    const changed = ['run 1 OPEN 12', 'run 2 CLAIMED 12', 'run 3 OPEN 12', 'agent 1 12']
    const reader = await open(await startApi(), `?lastEventId=${id}`)
    const events = await reader.next(4)
    expect(named(events)).toEqual(changed)
    for (const event of events.slice(0, 3)) {
      const again = await open(await startApi(), `?lastEventId=${event.id}`)
      expect(named(await again.next(4))).toEqual(changed)
    }
  })

  it('says that a run has left, however often the connection broke since', async () => {
    const id = await broken('?state=OPEN')
    await mine(12n, async (tx) => {
      await change(tx, 12n, 1n, 'WorkStarted', 'IN_PROGRESS', claimed)
      await change(tx, 12n, 3n, 'WorkStarted', 'IN_PROGRESS', claimed)
    })
    const left = ['run 1 IN_PROGRESS left 12', 'run 2 CLAIMED left 12', 'run 3 IN_PROGRESS left 12']
    const second = await open(await startApi(), `?state=OPEN&lastEventId=${id}`)
    const [first] = await second.next()
    expect(named(first ? [first] : [])).toEqual(left.slice(0, 1))
    const third = await open(await startApi(), `?state=OPEN&lastEventId=${first?.id}`)
    expect(named(await third.next(3))).toEqual(left)
  })

  it('voids what it has of a batch whose block is orphaned', async () => {
    const id = await broken()
    await index.db.transaction(async (tx) => {
      await tx.execute(sql`DELETE FROM run_event WHERE block_number = 11`)
      await tx.update(run).set({ state: 'OPEN', ...unclaimed })
      await index.setHead(blockAt(11n, 1n), tx)
    })
    await mine(12n, undefined, 1n)
    const reader = await open(await startApi(), `?lastEventId=${id}`)
    expect(named(await reader.next())).toEqual(['reset REORG 5'])
  })

  it('continues from any batch of another replica', async () => {
    const api = await startApi()
    const fast = await open(api)
    await fast.next()
    for (const number of [11n, 12n, 13n]) {
      await mine(number, (tx) => (number === 12n ? abandon(tx, number, 1n) : claim(tx, number, 1n)))
      await fast.next()
    }
    for (const [place, { id }] of fast.events.entries()) {
      const reader = await open(await startApi(), `?lastEventId=${id}`)
      if (place < 3) expect(named(await reader.next())).toEqual(['run 1 CLAIMED 13'])
      await sleep(30)
      expect(reader.events).toHaveLength(place < 3 ? 1 : 0)
    }
  })

  it('waits for the block of its client where this replica is behind', async () => {
    const id = await broken()
    const { timestamp, hash } = blockAt(12n)
    const later = id.split('.').with(2, '12').with(3, String(timestamp)).with(4, hash.slice(2)).join('.')
    const reader = await open(await startApi(), `?lastEventId=${later}`)
    await sleep(300)
    expect(reader.events).toEqual([])
    await mine(12n, (tx) => abandon(tx, 12n, 1n))
    expect(named(await reader.next())).toEqual(['run 1 OPEN 12'])
  })

  it('ends with a reason where what it lacks cannot be read, and is counted', async () => {
    const id = await broken()
    const api = await startApi()
    const live = await open(api)
    await live.next()
    const client = await index.pool.connect()
    await client.query('BEGIN; LOCK TABLE run_event IN ACCESS EXCLUSIVE MODE')
    const reader = await open(api, `?lastEventId=${id}`)
    const [last] = await reader.next()
    expect(last).toMatchObject({ event: 'close', data: { reason: 'INDEX_BEHIND' } })
    await vi.waitUntil(() => reader.end() === 'ended', { timeout: 10_000 })
    expect([...api.streams.figures.ended]).toEqual([['INDEX_BEHIND', 1]])
    await client.query('ROLLBACK')
    client.release()
    const again = await open(api, `?lastEventId=${id}`)
    expect(named(await again.next())).toEqual(['run 1 CLAIMED 11'])
    expect(live.end()).toBeUndefined()
  })

  describe('with hundreds of changes', () => {
    const runs = 900

    /** The id of a client that lacks a change of each of the runs. */
    async function farBehind() {
      const id = await broken()
      const { number, timestamp, hash } = blockAt(12n)
      await mine(number, async (tx) => {
        await tx.execute(sql`INSERT INTO run SELECT (jsonb_populate_record(run, jsonb_build_object('bounty_id', n))).*
          FROM run, generate_series(11, ${10 + runs}) n WHERE bounty_id = 1`)
        await tx.execute(sql`INSERT INTO run_event (id, bounty_id, name, timestamp, block_number, block_hash, log_index,
          transaction_hash) SELECT left(${checkpointOf({ number, timestamp })}, 42) || lpad(n::text, 33, '0'), n,
          'BountyFunded', ${timestamp}, ${number}, ${hash}, 0, ${hash} FROM generate_series(11, ${10 + runs}) n`)
      })
      return id
    }

    it('gets each once and in order, one stream in each turn of the event loop', async () => {
      const id = await farBehind()
      const api = await startApi()
      const streams = [0, 1, 2].map((reward) => open(api, `?minReward=${reward}&types=run&lastEventId=${id}`))
      const all = await Promise.all(streams)
      const each = 3 + runs
      let sent = 0
      let mostInTurn = 0
      while (sent < 3 * each) {
        await new Promise(setImmediate)
        mostInTurn = Math.max(mostInTurn, api.streams.figures.sent() - sent)
        sent = api.streams.figures.sent()
      }
      expect(mostInTurn).toBe(each)
      for (const reader of all) {
        const events = await reader.next(each, 30_000)
        const expected = [1, 2, 3, ...Array.from({ length: runs }, (_, place) => 11 + place)]
        expect(events.map(({ data }) => data.bountyId)).toEqual(expected)
      }
    })

    it('is read once and encoded once for all streams with the same id and filter', async () => {
      const id = await farBehind()
      const api = await startApi()
      const reads = api.countReads()
      const all = await Promise.all(Array.from({ length: 20 }, () => api.app.request(`/api/stream?lastEventId=${id}`)))
      const chunks = await Promise.all(
        all.map(async ({ body }) => {
          const reader = body?.getReader()
          await reader?.read()
          const second = (await reader?.read())?.value
          await reader?.cancel()
          return second
        }),
      )
      expect(reads.transactions()).toBe(1)
      for (const bytes of chunks) expect(bytes).toBe(chunks[0])
    })
  })

  it('begins with reset where its block is no longer stored', async () => {
    const id = await broken()
    await index.db.delete(recentBlock)
    await mine(40n)
    await index.db.delete(runEvent).where(eq(runEvent.blockNumber, 11n))
    const reader = await open(await startApi(), `?lastEventId=${id}`)
    expect(named(await reader.next())).toEqual(['reset EXPIRED 40'])
    await mine(41n, (tx) => abandon(tx, 41n, 1n))
    expect(named(await reader.next())).toEqual(['run 1 OPEN 41'])
  })

  it('continues in another build, which has stored only the blocks that were not final at its start', async () => {
    const changed = await broken()
    const plain = blockAt(5n)
    const orphaned = { ...blockAt(11n), hash: blockHash(99n) }
    await index.db.delete(recentBlock)
    await mine(40n, (tx) => abandon(tx, 40n, 1n))
    const api = await startApi()
    const first = async (id: string) => named(await (await open(api, `?lastEventId=${id}&types=run`)).next())
    expect(await first(changed)).toEqual(['run 1 OPEN 40'])
    expect(await first(formatStreamCursor({ from: plain, to: plain, final: 5n }))).toEqual(['run 1 OPEN 40'])
    expect(await first(formatStreamCursor({ from: orphaned, to: orphaned, final: 6n }))).toEqual(['reset EXPIRED 40'])
  })

  it('begins with reset where there are more changes than are sent', async () => {
    const id = await broken()
    await mine(12n, async (tx) => {
      const { timestamp, hash } = blockAt(12n)
      const events = Array.from({ length: 1_001 }, () => {
        const id = checkpointOf({ number: 12n, timestamp }, lastLog++)
        return eventOf(1n, 1, { id, name: 'WorkSubmitted', blockNumber: 12n, blockHash: hash })
      })
      await tx.insert(runEvent).values(events)
    })
    const reader = await open(await startApi(), `?lastEventId=${id}`)
    expect(named(await reader.next())).toEqual(['reset EXPIRED 12'])
  })
})

describe('a reorg', () => {
  /** Replaces the blocks after `fork` by a branch up to `number`. */
  async function reorg(fork: bigint, number: bigint, write?: (tx: Writer) => PromiseLike<unknown>) {
    await index.db.transaction(async (tx) => {
      for (let height = fork + 1n; height <= number; height++) await index.setHead(blockAt(height, 1n), tx)
    })
    await mine(number, write, 1n)
  }

  it('resets streams to a block that both branches have, and sends what changed after it', async () => {
    const reader = await open(await startApi())
    await reader.next()
    await mine(11n)
    await mine(12n, (tx) => claim(tx, 12n, 1n))
    await reader.next()
    await mine(13n, (tx) => claim(tx, 13n, 2n))
    const [dead] = await reader.next()
    await reorg(12n, 14n, async (tx) => {
      await tx.execute(sql`DELETE FROM run_event WHERE block_number = 13`)
      await tx
        .update(run)
        .set({ state: 'OPEN', ...unclaimed })
        .where(eq(run.bountyId, 2n))
      await claim(tx, 14n, 3n)
    })
    const again = ['reset REORG 8', 'run 1 CLAIMED 14', 'run 2 OPEN 14', 'run 3 CLAIMED 14']
    expect(named(await reader.next(4))).toEqual(again)
    const resumed = await open(await startApi(), `?lastEventId=${dead?.id}`)
    expect(named(await resumed.next(4))).toEqual(again)
  })

  it('is shown to a client of an orphaned block that returns when hundreds of later blocks are final', async () => {
    const reader = await open(await startApi())
    await reader.next()
    await mine(11n, (tx) => claim(tx, 11n, 1n))
    const [dead] = await reader.next()
    await index.db.execute(sql`DELETE FROM run_event WHERE block_number = 11`)
    await index.db
      .update(run)
      .set({ state: 'OPEN', ...unclaimed })
      .where(eq(run.bountyId, 1n))
    await reorg(10n, 300n)
    const resumed = await open(await startApi(), `?lastEventId=${dead?.id}`)
    expect(named(await resumed.next())).toEqual(['reset REORG 6'])
  })

  it('is shown to a client that may have read a list of an orphaned block that changed nothing', async () => {
    const reader = await open(await startApi())
    await reader.next()
    for (const number of [11n, 12n, 13n]) await mine(number)
    await vi.waitUntil(() => apis[0]?.index.head.last?.number === 13n, { timeout: 10_000 })
    await sleep(50)
    await reorg(12n, 14n, (tx) => claim(tx, 14n, 1n))
    expect(named(await reader.next(2))).toEqual(['reset REORG 8', 'run 1 CLAIMED 14'])
  })

  it('resets to a lower head', async () => {
    const reader = await open(await startApi())
    await reader.next()
    for (const number of [11n, 12n, 13n]) await mine(number)
    await vi.waitUntil(() => apis[0]?.index.head.last?.number === 13n, { timeout: 10_000 })
    await sleep(50)
    await reorg(11n, 12n)
    // A restarted index passes lower blocks too, so the reader waits until the index stays there.
    await vi.waitUntil(() => apis[0]?.index.head.last?.number === 12n, { timeout: 10_000 })
    await sleep(300)
    ahead = 60_000
    expect(named(await reader.next())).toEqual(['reset REORG 8'])
  })

  it('resets to the last final block where a branch of 400 blocks is orphaned', async () => {
    const fork = 12n
    const moveTo = (number: bigint, branch: bigint, write: (tx: Writer) => PromiseLike<unknown>) =>
      index.db
        .transaction(async (tx) => {
          for (let height = fork + 1n; height < number; height++) await index.setHead(blockAt(height, branch), tx)
        })
        .then(() => index.moveTo({ ...blockAt(number, branch), finalized: fork }, write))
    const reader = await open(await startApi())
    await reader.next()
    await mine(fork)
    await moveTo(412n, 0n, (tx) => claim(tx, 412n, 1n))
    expect(named(await reader.next())).toEqual(['run 1 CLAIMED 412'])
    await moveTo(413n, 1n, async (tx) => {
      await tx.execute(sql`DELETE FROM run_event WHERE block_number = 412`)
      await tx
        .update(run)
        .set({ state: 'OPEN', ...unclaimed })
        .where(eq(run.bountyId, 1n))
    })
    expect(named(await reader.next())).toEqual(['reset REORG 12'])
  })
})

describe('limits', () => {
  it('refuse a stream of a client, or of the process, with when to try again', async () => {
    const perClient = await startApi({ maxPerClient: 1 })
    await open(perClient)
    const refused = await perClient.get('/api/stream')
    expect([refused.status, refused.body.code, refused.headers.get('Retry-After')]).toEqual([429, 'RATE_LIMITED', '10'])
    const inAll = await startApi({ maxStreams: 1, maxPerClient: 5 })
    const first = await open(inAll)
    const full = await inAll.get('/api/stream')
    expect([full.status, full.body.code]).toEqual([503, 'STREAMS_UNAVAILABLE'])
    expect(full.headers.get('Retry-After')).toBe('10')
    await first.stop()
    await open(inAll)
  })

  it('close the stream of a reader that takes nothing', async () => {
    const api = await startApi()
    const response = await api.app.request('/api/stream')
    const unread = response.body
    const steady = await open(api)
    await steady.next()
    const text = 'x'.repeat(100_000)
    for (let number = 11n; number < 24n; number++) {
      await mine(number, (tx) => change(tx, number, 1n, 'WorkSubmitted', 'SUBMITTED', { deliverableHash: text }))
      await steady.next()
    }
    if (!unread) throw new Error('The stream has no body')
    const late = readEvents(unread)
    readers.push(late)
    await vi.waitUntil(() => late.end() !== undefined, { timeout: 10_000 })
    expect(late.events.at(-1)).toMatchObject({ event: 'close', data: { reason: 'SLOW_READER' } })
    expect(steady.end()).toBeUndefined()
  })
})

it('a HEAD opens no stream', async () => {
  const api = await startApi({ maxStreams: 1 })
  const response = await api.app.request('/api/stream', { method: 'HEAD' })
  expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream'])
  await open(api)
})
