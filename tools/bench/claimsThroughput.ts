import { accountOf } from '../devnet/accounts.ts'
import { costSince } from './claimsCost.ts'
import { agents, clients, type Leg, type LegOptions, record, warmUp, warmUpClients } from './claimsLeg.ts'
import { type Mining, signAll, withMarket } from './claimsMarket.ts'
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

/** More clients than a block's gas has room for claims: each waits for its block, so fewer would be the limit. */
const TIMED_CLIENTS = 640

/** A configuration of the API's batching. */
type Way = {
  name: string
  env: Record<string, string>
  /** How many claims a block can have because of `MAX_UNMINED`; if absent, as many as there are clients. */
  inBlock?: number
  /** Of the rate without the API. */
  goals: Partial<Record<Mining, number>>
}

const batching: Way = { name: 'in batches', env: {}, goals: { automine: 2, '1 s blocks': 0.8 } }
const single: Way = {
  name: 'batching off',
  env: { MAX_BATCH: '1' },
  inBlock: DEFAULT_MAX_UNMINED,
  goals: { automine: 0.9 },
}
const singleUnbounded: Way = {
  name: `batching off, MAX_UNMINED=${TIMED_CLIENTS}`,
  env: { MAX_BATCH: '1', MAX_UNMINED: String(TIMED_CLIENTS) },
  goals: { '1 s blocks': 0.8 },
}

/** With 1 s blocks, of the claims that the gas of a block has room for. */
const BLOCK_SHARE_GOAL = 0.9

/** Claims of many concurrent clients through the API, with and without batching, and as raw transactions. */
export function throughputLeg({ postgres, mining, claims, say }: LegOptions): Leg {
  const isTimed = mining === '1 s blocks'
  const concurrent = isTimed ? TIMED_CLIENTS : clients
  const ways = (isQuick ? [batching] : [batching, single, singleUnbounded]).map((way) => ({
    way,
    count: isTimed ? BLOCKS * (way.inBlock ?? concurrent) : claims,
    throughputs: [] as number[],
    gas: [] as number[],
    meter: createCpuMeter(),
  }))
  const raw = { throughputs: [] as number[], gas: [] as number[], meter: createCpuMeter() }
  const rawCount = isTimed ? BLOCKS * concurrent : claims
  let blockGasLimit = 0

  /** What has no goal and is no baseline of one is measured once, and so is what takes minutes without batches. */
  async function round() {
    const isFirst = raw.throughputs.length === 0
    await measureRaw()
    for (const samples of ways) if (isFirst || isRepeated(samples.way)) await measureThroughApi(samples)
  }

  const isRepeated = (way: Way) => (isTimed ? way === batching : way.goals[mining] !== undefined)

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
    say(`${count} claims by ${concurrent} clients, ${way.name}`)
    await withMarket(postgres, { mining, runs: warmUp + count, agents, replicas: 2, env: way.env }, async (market) => {
      const before = await market.client.getBlockNumber({ cacheTime: 0 })
      const signed = await signAll(market, warmUp + count)
      await claimThroughApi(market, signed.slice(0, warmUp), warmUpClients)
      const measured = signed.slice(warmUp)
      const claimed = await meter.during(market.pids, () => claimThroughApi(market, measured, concurrent))
      throughputs.push(record('claims/s', perSecond(count, claimed.milliseconds)))
      const cost = await costSince(market, before)
      gas.push(cost.gas / cost.claims)
      const perTransaction = (cost.claims / cost.transactions).toFixed(1)
      console.log(`  ${perTransaction} claims a transaction; ${claimed.again} requests were repeated for a 202 or 503`)
    })
  }

  const nameOf = ({ name }: Way) => `throughput of ${concurrent} clients, ${name}, ${mining}`

  function figureOf({ way, throughputs }: (typeof ways)[number]): Measurement {
    const figure = { figure: nameOf(way), unit: 'claims/s', value: median(throughputs) }
    const ratioAtLeast = way.goals[mining]
    const goal = ratioAtLeast === undefined ? {} : { goal: { ratioAtLeast } }
    return { ...figure, baseline: median(raw.throughputs), ...goal }
  }

  /** With a block a second, as many claims a second as the gas of a block has room for. */
  const roomFor = (gas: readonly number[]) => blockGasLimit / median(gas)

  const besideGas = ({ way, throughputs, gas }: (typeof ways)[number]): Measurement => ({
    figure: `${nameOf(way)}, beside what the gas of a block holds`,
    unit: 'claims/s',
    value: median(throughputs),
    baseline: roomFor(gas),
    goal: { ratioAtLeast: BLOCK_SHARE_GOAL },
  })

  function result() {
    const [batched] = ways
    if (!batched) throw new Error('The throughput was not measured')
    const { gas } = batched
    const gasGoal = { ratioAtMost: 0.75 }
    return {
      measurements: [
        ...ways.map(figureOf),
        ...(isTimed ? [besideGas(batched)] : []),
        {
          figure: `throughput without the API, ${mining}`,
          unit: 'claims/s',
          value: median(raw.throughputs),
          ...(isTimed && { baseline: roomFor(raw.gas) }),
        },
        {
          figure: `gas per claim, ${mining}`,
          unit: 'gas',
          value: median(gas),
          baseline: median(raw.gas),
          goal: gasGoal,
        },
      ],
      notes: [
        `throughput of ${concurrent} clients, ${mining}: each client sends its next claim once it has its answer; the baseline is the same number of claims without the API, each a transaction, by ${senders.length} accounts that do not wait until they are mined. A figure without a goal only explains another`,
        ...(isTimed
          ? [
              `what the gas of a block holds, ${mining}: the limit of ${blockGasLimit.toLocaleString('en-US')} divided by the gas of a claim, in a batch or as a transaction of its own`,
            ]
          : []),
        `throughput without the API, ${mining}: ${raw.meter.shares()}`,
        ...ways.map(({ way, meter }) => `${nameOf(way)}: ${meter.shares()}`),
      ],
    }
  }

  return { round, result }
}

const perSecond = (claims: number, milliseconds: number) => claims / (milliseconds / 1_000)
