import { setInterval, setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../ops/database/connect.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import type { BusyChain } from './busyChain.ts'
import { type Measurement, median } from './figure.ts'
import { spread } from './spread.ts'

/** As often as the indexer polls a devnet. */
const POLLING_MS = 100

/** Time between two blocks, apart from the shift that spreads them over the polling interval, so that the pollers' phases do not matter. */
const BLOCK_TIME_MS = 400

type Options = { chain: BusyChain; apiUrl: string; databaseUrl: string; blocks: number }

/**
 * The time from a block to the API's answer at that block. The baseline is a poller that only inserts the same block into
 * a table and reads it back. The chain mines only on request.
 */
export async function blockToAnswer({ chain, apiUrl, databaseUrl, blocks }: Options): Promise<Measurement> {
  console.log('From block to answer')
  const poller = await startBarePoller(chain, databaseUrl)
  const ours: number[] = []
  const bare: number[] = []
  const begin = performance.now()
  try {
    for (let block = 1; block <= blocks; block++) {
      const due = begin + BLOCK_TIME_MS * block + POLLING_MS * spread(block)
      await sleep(Math.max(0, due - performance.now()))
      await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
      await chain.mineLives(1)
      const minedAt = performance.now()
      const number = await chain.client.getBlockNumber()
      const [answered, stored] = await Promise.all([
        answeredAt(`${apiUrl}/api/runs?limit=1&minBlock=${number}`),
        poller.sawAt(number),
      ])
      ours.push(answered - minedAt)
      bare.push(stored - minedAt)
    }
  } finally {
    await poller.stop()
  }
  return {
    figure: 'from block to answer, p50',
    unit: 'ms',
    value: median(ours),
    baseline: median(bare),
    goal: { ratioAtMost: 1.3 },
  }
}

async function answeredAt(url: string): Promise<number> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
  return performance.now()
}

async function startBarePoller({ client }: BusyChain, databaseUrl: string) {
  const database = await connect(databaseUrl)
  await database.query('CREATE TABLE bare_block (number int8 PRIMARY KEY, hash text NOT NULL)')
  const seen = new Map<bigint, number>()
  let isOver = false
  const polling = (async () => {
    let known: bigint | undefined
    // At fixed times, as Ponder polls.
    for await (const _ of setInterval(POLLING_MS)) {
      if (isOver) return
      const { number, hash } = await client.getBlock()
      if (number === known) continue
      await database.query('INSERT INTO bare_block VALUES ($1, $2)', [number, hash])
      await database.query('SELECT * FROM bare_block WHERE number = $1', [number])
      seen.set(number, performance.now())
      known = number
    }
  })()
  return {
    /** @returns the time at which it had read the block back. @throws if it does not within 5 s. */
    async sawAt(number: bigint): Promise<number> {
      for (const limit = performance.now() + 5_000; performance.now() < limit; await sleep(1)) {
        const at = seen.get(number)
        if (at !== undefined) return at
      }
      throw new Error(`The bare poller did not see block ${number}`)
    },
    async stop() {
      isOver = true
      await polling
      await database.end()
    },
  }
}
