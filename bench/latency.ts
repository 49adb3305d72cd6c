import { setInterval, setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Measurement, percentile } from './figure.ts'
import type { GrownMarket } from './grownMarket.ts'

/** Milliseconds: as often as the indexer polls a devnet. */
const POLLING = 100

/** Milliseconds between two blocks, but for the part of an interval by which each comes later than a beat of seconds. */
const BLOCK_TIME = 1_000

/** Its multiples fill an interval evenly, however many they are: the pollers' phases decide nothing then. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * From a block to an answer of it: by the API, asked for that block at once, and by a poller that does nothing but
 * insert the block and read it back. Both see the same blocks.
 */
export async function latencies(
  { chain, api, databaseUrl, indexed }: GrownMarket,
  blocks: number,
): Promise<Measurement[]> {
  console.log('From block to answer')
  const poller = await startBarePoller(chain, databaseUrl)
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
  const begin = performance.now()
  try {
    for (let block = 1; block <= blocks; block++) {
      const due = begin + BLOCK_TIME * block + POLLING * ((GOLDEN * block) % 1)
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
  const [p50, p99] = [0.5, 0.99].map((share) => ({
    value: percentile(times.ours, share),
    baseline: percentile(times.bare, share),
  }))
  return [
    { figure: 'from block to answer, p50', unit: 'ms', ...(p50 as Compared), goal: { ratioAtMost: 1.5 } },
    { figure: 'from block to answer, p99', unit: 'ms', ...(p99 as Compared), goal: { atMost: 250 } },
  ]
}

type Compared = { value: number; baseline: number }

/** @returns when. */
async function answered(url: string): Promise<number> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
  return performance.now()
}

async function startBarePoller({ client }: GrownMarket['chain'], databaseUrl: string) {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  await database.query('CREATE TABLE bare_block (number int8 PRIMARY KEY, hash text NOT NULL)')
  const seen = new Map<bigint, number>()
  let isOver = false
  const polling = (async () => {
    let known: bigint | undefined
    // On a beat, as Ponder polls.
    for await (const _ of setInterval(POLLING)) {
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
    /** @returns when it had read the block back. */
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
