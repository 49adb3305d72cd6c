import { type Hex, keccak256, stringToHex } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { createSalt, endOfSalt, SALT_SECONDS, saltOf } from '../../../../core/market/salt.ts'
import { ProblemError } from '../../../client/src/index.ts'
import type { Session } from '../session.ts'
import type { Given } from './tool.ts'

/** How often the salt of the same inputs changes, in seconds: so a payment can be made for between half of its longest time and all of it. */
const STEP_SECONDS = BigInt(SALT_SECONDS) / 2n

/** The first call with some inputs. `now`: the chain's time, in seconds, or a little later. `runs`: how many the market had. */
type FirstCall = { salt: Hex; now: bigint; runs: bigint }

/**
 * Finds the first call with the same inputs, so that a model that calls again pays once: while its signature is valid, and until
 * this process has got its outcome. Where the inputs have a key, the salt is made of them and of the time: a process that is started
 * again finds it too.
 */
export function createFirstCalls({ node, contracts }: Session) {
  const calls = new Map<string, FirstCall & { isDecided: boolean }>()

  async function find(inputs: string, hasKey: boolean) {
    const [{ timestamp }, runs] = await Promise.all([
      node.getBlock(),
      node.readContract({ address: contracts.market, abi: bountyMarketAbi, functionName: 'bountyCount' }),
    ])
    const known = calls.get(inputs)
    if (known && !(known.isDecided && timestamp >= endOfSalt(known.salt))) return known
    const now = hasKey ? (timestamp / STEP_SECONDS) * STEP_SECONDS : timestamp
    const salt = hasKey ? saltOf(now + BigInt(SALT_SECONDS), keccak256(stringToHex(inputs))) : createSalt(Number(now))
    const first = { salt, now, runs, isDecided: false }
    calls.set(inputs, first)
    return first
  }

  /** Makes the call with the salt of the first one. */
  return async <Made>(tool: string, given: Given, make: (first: FirstCall) => Promise<Made>): Promise<Made> => {
    const texts = Object.entries(given).map(([name, value]) => [
      name,
      typeof value === 'object' ? value : String(value),
    ])
    const first = await find(JSON.stringify([tool, texts.toSorted()]), given.key !== undefined)
    try {
      const made = await make(first)
      first.isDecided = true
      return made
    } catch (error) {
      const isRefused = error instanceof ProblemError && error.problem.status < 500 && error.problem.status !== 429
      first.isDecided ||= isRefused
      throw error
    }
  }
}
