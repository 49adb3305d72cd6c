import { setInterval, setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Measurement, percentile, slowest } from './figure.ts'
import type { LargeMarket } from './largeMarket.ts'

/** As often as the indexer polls a devnet. */
const POLLING_MS = 100

/** Time between two blocks, apart from the shift that spreads them over the polling interval. Each is answered long before the next. */
const BLOCK_TIME_MS = 500

/** Its multiples, modulo 1, are spread evenly, so that the phases of the pollers do not affect the result. */
export const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/**
 * Measures the time from a block to the API's answer at that block. The baseline is a poller that only inserts the same
 * block into a table and reads it back.
 */
export async function latencies(
  { chain, api, databaseUrl, indexed }: LargeMarket,
  blocks: number,
): Promise<Measurement[]> {
  console.log('From block to answer')
  const poller = await startBarePoller(chain, databaseUrl)
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
  const begin = performance.now()
  try {
    for (let block = 1; block <= blocks; block++) {
      const due = begin + BLOCK_TIME_MS * block + POLLING_MS * ((GOLDEN_RATIO * block) % 1)
      await sleep(Math.max(0, due - performance.now()))
      await indexed()
      await chain.mineLives(1)
      const minedAt = performance.now()
      const number = await chain.client.getBlockNumber()
      const [ours, bare] = await Promise.all([
        answered(`${api.url}/api/runs?limit=1&minBlock=${number}`),
        poller.saw(number),
      ])
      times.ours.push(ours - minedAt)
      times.bare.push(bare - minedAt)
      if (block % 20 === 0) console.log(`  ${block} of ${blocks} blocks`)
    }
  } finally {
    await poller.stop()
  }
  const tail = slowest(times.ours)
  return [
    {
      figure: 'from block to answer, p50',
      unit: 'ms',
      value: percentile(times.ours, 0.5),
      baseline: percentile(times.bare, 0.5),
      goal: { ratioAtMost: 1.3 },
    },
    {
      figure: `from block to answer, ${tail.name}`,
      unit: 'ms',
      value: tail.value,
      baseline: slowest(times.bare).value,
      goal: { atMost: 200 },
    },
  ]
}

/** @returns the time of the answer. */
async function answered(url: string): Promise<number> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
  return performance.now()
}

async function startBarePoller({ client }: LargeMarket['chain'], databaseUrl: string) {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
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
    async saw(number: bigint): Promise<number> {
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
