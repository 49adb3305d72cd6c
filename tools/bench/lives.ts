/**
 * Whole lives of runs: an account registers an agent and stakes, another posts a run, the agent claims it, starts, and
 * submits, and the poster approves. Through the API the accounts have no ether. The baseline is the same lives by raw
 * transactions of accounts with ether, polled for in the index. Each leg has its own chain, database, indexer and API, and
 * blocks of a second.
 */
import { startPostgres } from '../devnet/postgres.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { type Measurement, median, percentile, slowest } from './figure.ts'
import { stepsByApi } from './livesByApi.ts'
import { stepsByHand } from './livesByHand.ts'
import { type LivesResult, live, stepNames } from './livesLeg.ts'
import { startLivesMarket } from './livesMarket.ts'
import { isQuick, workload } from './workload.ts'

/** The lives of each client, one after the other. A step takes a block. */
const LIVES_PER_CLIENT = isQuick ? 1 : 16

/** The lives that each leg begins with, without measuring them. */
const WARM_UP = 20

/** PostgreSQL's defaults, so that a commit costs as much as in production. */
const durable = { fsync: 'on', full_page_writes: 'on' }

export async function measure() {
  const { lives } = workload
  const clients = Math.ceil(lives / LIVES_PER_CLIENT)
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: durable })
  parts.defer(postgres.stop)
  const [handMeter, apiMeter] = [createCpuMeter(), createCpuMeter()]

  console.log(`${lives} lives of ${clients} clients, by raw transactions`)
  const byHand = await inMarket(false, async (market) => {
    await using steps = await stepsByHand(market)
    // Awaited here, because what it uses is disposed of at the return.
    return await live(market, steps, { clients, warmUp: WARM_UP, meter: handMeter })
  })
  console.log(`${lives} lives of ${clients} clients, through the API`)
  const byApi = await inMarket(true, (market) =>
    live(market, stepsByApi(market), { clients, warmUp: WARM_UP, meter: apiMeter }),
  )

  async function inMarket(
    isByApi: boolean,
    use: (market: Awaited<ReturnType<typeof startLivesMarket>>) => Promise<LivesResult>,
  ): Promise<LivesResult> {
    const market = await startLivesMarket(postgres, { lives: WARM_UP + lives, clients, byApi: isByApi })
    try {
      return await use(market)
    } finally {
      await market.stop()
    }
  }

  return {
    measurements: [
      {
        figure: `lives of ${clients} clients`,
        unit: 'lives/s',
        value: lives / byApi.seconds,
        baseline: lives / byHand.seconds,
      },
      { figure: 'gas a life', unit: 'gas', value: byApi.gas / lives, baseline: byHand.gas / lives },
      {
        figure: 'a step, p50',
        unit: 'ms',
        value: median(stepNames.flatMap((name) => byApi.times[name])),
        baseline: median(stepNames.flatMap((name) => byHand.times[name])),
        goal: { ratioAtMost: 1.2 },
      } as const,
      ...stepNames.flatMap((name) => ofStep(name, byApi.times[name], byHand.times[name])),
    ],
    notes: [
      'PostgreSQL runs with fsync=on and full_page_writes=on. Anvil mines a block each second.',
      `A step through the API asks what to sign, signs, and sends it until the answer shows it. A raw step signs a transaction
with known nonce and gas, and ends once the index shows its block.`,
      `By the API, ${byApi.transactions} transactions, ${apiMeter.shares()}`,
      `By raw transactions, ${byHand.transactions} transactions, ${handMeter.shares()}`,
    ],
  }
}

function ofStep(name: string, ours: readonly number[], raw: readonly number[]): Measurement[] {
  const tail = slowest(ours)
  return [
    {
      figure: `${name}, p50`,
      unit: 'ms',
      value: percentile(ours, 0.5),
      baseline: percentile(raw, 0.5),
      goal: { ratioAtMost: 1.2 },
    },
    { figure: `${name}, ${tail.name}`, unit: 'ms', value: tail.value, baseline: slowest(raw).value },
  ]
}
