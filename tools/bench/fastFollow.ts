import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { type Measurement, percentile, slowest } from './figure.ts'

/** How often the node and the index are compared. */
const SAMPLE_MS = 10

type Options = {
  client: MarketOnAnvil['client']
  apiUrl: string
  databaseUrl: string
  seconds: number
  /** Ends the names of the figures. */
  variant: string
}

/** How far the index is behind the node at any moment, and the time from each block to the API's answer at that block. */
export async function followBlocks({ client, apiUrl, databaseUrl, seconds, variant }: Options): Promise<Measurement[]> {
  console.log(`An index that follows${variant}`)
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  const indexed = async () => BigInt((await database.query('SELECT number FROM runline.head')).rows[0].number)
  const behind: number[] = []
  const answering: Promise<number>[] = []
  let known = await client.getBlockNumber()
  const end = performance.now() + 1_000 * seconds
  for (; performance.now() < end; await sleep(SAMPLE_MS)) {
    const [latest, index] = await Promise.all([client.getBlockNumber(), indexed()])
    behind.push(Number(latest > index ? latest - index : 0n))
    if (latest === known) continue
    known = latest
    answering.push(millisecondsUntilAnswer(apiUrl, latest))
  }
  const answered = await Promise.all(answering)
  await database.end()
  const tail = slowest(answered)
  return [
    {
      figure: `index behind the node, p50${variant}`,
      unit: 'blocks',
      value: percentile(behind, 0.5),
      goal: { atMost: 1 },
    },
    {
      figure: `index behind the node, p99${variant}`,
      unit: 'blocks',
      value: percentile(behind, 0.99),
      goal: { atMost: 2 },
    },
    {
      figure: `from block to answer, p50${variant}`,
      unit: 'ms',
      value: percentile(answered, 0.5),
      goal: { atMost: 100 },
    },
    { figure: `from block to answer, ${tail.name}${variant}`, unit: 'ms', value: tail.value, goal: { atMost: 300 } },
  ]
}

async function millisecondsUntilAnswer(apiUrl: string, block: bigint): Promise<number> {
  const startedAt = performance.now()
  const response = await fetch(`${apiUrl}/api/runs?limit=1&minBlock=${block}`)
  if (!response.ok) throw new Error(`A read at block ${block} answered ${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
  return performance.now() - startedAt
}
