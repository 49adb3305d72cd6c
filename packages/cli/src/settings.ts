import { type Command, Option } from 'commander'
import { parseAddress } from './arguments.ts'

/** What every command can be given. */
export type Settings = {
  /** The origin of the API. */
  api: string
  /** The URL of the chain's node. */
  rpc: string
  /** The address of the BountyMarket contract that the user trusts; absent where the API names it. */
  market?: string
  /** The address of the SignedFunding contract that the user trusts; absent where the API names it. */
  funding?: string
  /** The path of a file with the private key; RUNLINE_KEY has the key if absent. */
  keyFile?: string
  json?: boolean
  dryRun?: boolean
}

/** Adds the options of `Settings`. The defaults are those of `npm run dev`. */
export function addSettings(program: Command) {
  program
    .addOption(new Option('--api <url>', 'the API').env('RUNLINE_API').default('http://localhost:3000'))
    .addOption(new Option('--rpc <url>', 'the node of the chain').env('RUNLINE_RPC').default('http://127.0.0.1:8545'))
    .addOption(
      new Option('--market <address>', 'the market contract to trust; on a devnet, the API may name it')
        .env('RUNLINE_MARKET')
        .argParser(parseAddress),
    )
    .addOption(
      new Option('--funding <address>', 'the contract that takes signed payments, to trust as --market')
        .env('RUNLINE_FUNDING')
        .argParser(parseAddress),
    )
    .option('--key-file <path>', 'a file with the private key, instead of the variable RUNLINE_KEY')
    .option('--json', 'print one JSON object')
    .option('--dry-run', 'simulate the transactions and send nothing')
}
