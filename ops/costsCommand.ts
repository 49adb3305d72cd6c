// `npm run costs`: what a market costs its operator and earns in a month, at three sizes. It asks no node: prices are options.
import { parseArgs } from 'node:util'
import { REWARD_PER_FEE } from '../core/market/constants.ts'
import { runCommand } from './runCommand.ts'

const usage = `npm run costs [-- --gas-price GWEI] [--data-fee GWEI] [--ether USD] [--reward USDC]

  --gas-price GWEI   of the chain; 0.01 by default
  --data-fee GWEI    what a rollup takes for the data of one transaction, in gwei; 100 by default
  --ether USD        the price of an ether; 3000 by default
  --reward USDC      of an average run; 50 by default`

/** A life by signatures: post, claim, delivery, approval. From `npm run bench gas`. */
const GAS_OF_LIFE = 348_196
const TRANSACTIONS_OF_LIFE = 4
/** In the index, its events, Ponder's cache and its brief. From docs/operations.md, "By the number of runs". */
const BYTES_OF_RUN = 17_000
/** Of an indexer and an API at blocks of 0.2 s, as Base has them. From docs/operations.md, "What an endpoint must grant". */
const IDLE_CALLS_A_SECOND = 7.4
const MONTH_SECONDS = 30 * 86_400
const FEE_SHARE = 1 / Number(REWARD_PER_FEE)

const sizes = [
  { runs: 100, machine: '2 cores, 4 GB' },
  { runs: 10_000, machine: '2 cores, 4 GB' },
  { runs: 1_000_000, machine: '4 cores, 32 GB' },
]

/** @throws if the option is no number above or at zero. */
function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new Error(`--${name} is '${text}': it must be a number from 0 on`)
}

const dollars = (value: number) => `$${value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })}`

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      'gas-price': { type: 'string', default: '0.01' },
      'data-fee': { type: 'string', default: '100' },
      ether: { type: 'string', default: '3000' },
      reward: { type: 'string', default: '50' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const gasPrice = numberOf('gas-price', values['gas-price'])
  const dataFee = numberOf('data-fee', values['data-fee'])
  const reward = numberOf('reward', values.reward)
  const gwei = GAS_OF_LIFE * gasPrice + TRANSACTIONS_OF_LIFE * dataFee
  const life = (gwei / 1e9) * numberOf('ether', values.ether)
  const rows: Record<string, (runs: number) => string> = {
    'gas of the relay': (runs) => dollars(runs * life),
    'fees, if a party approves each run': (runs) => dollars(runs * reward * FEE_SHARE),
    'disk, more each month': (runs) => `${((runs * BYTES_OF_RUN) / 1e9).toFixed(3)} GB`,
    'calls of RPC_URL': () => `${Math.round((IDLE_CALLS_A_SECOND * MONTH_SECONDS) / 1e6)} million`,
  }
  const columns = [38, 18, 18, 18]
  const line = (cells: string[]) =>
    cells
      .map((cell, place) => cell.padEnd(columns[place] ?? 0))
      .join('')
      .trimEnd()
  console.log(line(['runs a month', ...sizes.map(({ runs }) => runs.toLocaleString('en'))]))
  console.log(line(['machine', ...sizes.map(({ machine }) => machine)]))
  for (const [name, of] of Object.entries(rows)) console.log(line([name, ...sizes.map(({ runs }) => of(runs))]))
  console.log(
    `\nThe life of a run that the relay pays for takes ${GAS_OF_LIFE.toLocaleString('en')} gas: ${(life * 100).toFixed(2)} cents.`,
  )
  console.log(`From a reward of ${(life / FEE_SHARE).toFixed(2)} USDC on, the fee of ${FEE_SHARE * 100} % pays for it.`)
})
