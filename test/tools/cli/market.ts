import { execa } from 'execa'
import type { Hex } from 'viem'
import type { TestMarket } from '../../support/market.ts'

/** Runs the command line against a market, with the key in the environment. */
export function runnerOf({ api, rpcUrl }: Pick<TestMarket, 'api' | 'rpcUrl'>) {
  return async (key: Hex | string, ...args: string[]) => {
    const env = { RUNLINE_API: api.url, RUNLINE_RPC: rpcUrl, RUNLINE_KEY: key }
    const { exitCode, stdout, stderr } = await execa(process.execPath, ['packages/cli/src/main.ts', ...args], {
      env,
      reject: false,
      stdin: 'ignore',
    })
    return { exitCode, stdout, stderr }
  }
}
