import { accountOf } from '../devnet/accounts.ts'
import { costSince } from './claimsCost.ts'
import { agents, clients, type Leg, type LegOptions, record, warmUp, warmUpClients } from './claimsLeg.ts'
import { signAll, withMarket } from './claimsMarket.ts'
import { claimRawAtOnce, claimThroughApi, signRaw } from './claimsTraffic.ts'
import { createCpuMeter } from './cpuMeter.ts'
import { type Measurement, median } from './figure.ts'
import { isQuick } from './workload.ts'

/** Accounts that hold ETH and have no role in the market. */
const senders = Array.from({ length: 16 }, (_, index) => accountOf(2 + index))

/** The API's default of MAX_UNMINED. */
const DEFAULT_MAX_UNMINED = 16

/** How many blocks a measurement with 1 s blocks takes: one block more or less changes the result by a tenth. */
const BLOCKS = 10

/** A configuration of the API's batching. */
type Way = {
  name: string
  env: Record<string, string>
  /** How many claims one block can hold, apart from its gas limit. */
  inBlock: number
}

const batching: Way = { name: 'throughput', env: {}, inBlock: clients }
const single: Way = { name: 'throughput, batching off', env: { MAX_BATCH: '1' }, inBlock: DEFAULT_MAX_UNMINED }
const singleUnbounded: Way = {
  name: `throughput, batching off, MAX_UNMINED=${clients}`,
  env: { MAX_BATCH: '1', MAX_UNMINED: String(clients) },
  inBlock: clients,
}

/** Goals with automine. With 1 s blocks the goal is a share of the claims that a block can hold. */
const ratioGoals = new Map([
  [batching, 2],
  [single, 0.9],
])
const BLOCK_SHARE_GOAL = 0.9

/** Claims of many concurrent clients through the API, with and without batching, and as raw transactions. */
export function throughputLeg({ postgres, mining, claims, say }: LegOptions): Leg {
  const isTimed = mining === '1 s blocks'
  const ways = (isQuick ? [batching] : [batching, single, singleUnbounded]).map((way) => ({
    way,
    count: isTimed ? BLOCKS * way.inBlock : claims,
    throughputs: [] as number[],
    gas: [] as number[],
    meter: createCpuMeter(),
  }))
  const raw = { throughputs: [] as number[], gas: [] as number[], meter: createCpuMeter() }
  const rawCount = isTimed ? BLOCKS * clients : claims
  let blockGasLimit = 0

  /** What has no goal and is no baseline of one is measured once. */
  async function round() {
    const isFirst = raw.throughputs.length === 0
    if (isFirst || !isTimed) await measureRaw()
    for (const samples of ways) if (isFirst || hasGoal(samples.way)) await measureThroughApi(samples)
  }

  const hasGoal = (way: Way) => (isTimed ? way === batching : ratioGoals.has(way))

  async function measureRaw() {
    say(`${rawCount} claims by ${senders.length} senders, without the API`)
    await withMarket(postgres, { mining, runs: warmUp + rawCount, agents, replicas: 0 }, async (market) => {
      const { number: before, gasLimit } = await market.client.getBlock()
      blockGasLimit = Number(gasLimit)
      const signed = await signAll(market, warmUp + rawCount)
      await claimRawAtOnce(market, await signRaw(market, signed.slice(0, warmUp), senders))
      const raws = await signRaw(market, signed.slice(warmUp), senders)
      const milliseconds = await raw.meter.during(market.pids, () => claimRawAtOnce(market, raws))
      raw.throughputs.push(record('claims/s', perSecond(rawCount, milliseconds)))
      const cost = await costSince(market, before)
      raw.gas.push(cost.gas / cost.claims)
    })
  }

  async function measureThroughApi({ way, count, throughputs, gas, meter }: (typeof ways)[number]) {
    say(`${count} claims by ${clients} clients, ${way.name}`)
    await withMarket(postgres, { mining, runs: warmUp + count, agents, replicas: 2, env: way.env }, async (market) => {
      const before = await market.client.getBlockNumber({ cacheTime: 0 })
      const signed = await signAll(market, warmUp + count)
      await claimThroughApi(market, signed.slice(0, warmUp), warmUpClients)
      const measured = signed.slice(warmUp)
      const claimed = await meter.during(market.pids, () => claimThroughApi(market, measured, clients))
      throughputs.push(record('claims/s', perSecond(count, claimed.milliseconds)))
      const cost = await costSince(market, before)
      gas.push(cost.gas / cost.claims)
      const perTransaction = (cost.claims / cost.transactions).toFixed(1)
      console.log(`  ${perTransaction} claims a transaction; ${claimed.again} requests were repeated for a 202 or 503`)
    })
  }

  /** How many claims a block can hold: limited by the configuration, or by the block's gas. */
  const blockBound = ({ way, gas }: (typeof ways)[number]) => Math.min(way.inBlock, blockGasLimit / median(gas))

  function figureOf(samples: (typeof ways)[number]): Measurement {
    const figure = { figure: `${samples.way.name}, ${mining}`, unit: 'claims/s', value: median(samples.throughputs) }
    if (!isTimed) return withGoal({ ...figure, baseline: median(raw.throughputs) }, ratioGoals.get(samples.way))
    const goal = hasGoal(samples.way) ? BLOCK_SHARE_GOAL : undefined
    return withGoal({ ...figure, baseline: blockBound(samples) }, goal)
  }

  function result() {
    const [{ gas } = { gas: [] }] = ways
    const baseline = isTimed ? 'what a block can hold' : 'raw transactions'
    const gasGoal = { ratioAtMost: 0.75 }
    return {
      measurements: [
        ...ways.map(figureOf),
        { figure: `throughput without the API, ${mining}`, unit: 'claims/s', value: median(raw.throughputs) },
        {
          figure: `gas per claim, ${mining}`,
          unit: 'gas',
          value: median(gas),
          baseline: median(raw.gas),
          goal: gasGoal,
        },
      ],
      notes: [
        `throughput, ${mining}: the baseline is ${baseline}; the block gas limit is ${blockGasLimit.toLocaleString('en-US')}, and a block has at most one claim of each of the ${clients} clients. A figure without a goal only explains another`,
        `throughput without the API, ${mining}: ${raw.meter.shares()}`,
        ...ways.map(({ way, meter }) => `${way.name}, ${mining}: ${meter.shares()}`),
      ],
    }
  }

  return { round, result }
}

const perSecond = (claims: number, milliseconds: number) => claims / (milliseconds / 1_000)

function withGoal(measurement: Measurement, ratioAtLeast: number | undefined): Measurement {
  return ratioAtLeast === undefined ? measurement : { ...measurement, goal: { ratioAtLeast } }
}
