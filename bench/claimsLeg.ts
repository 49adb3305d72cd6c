import type { Postgres } from '../devnet/postgres.ts'
import type { Mining } from './claimsMarket.ts'
import type { Measurement } from './figure.ts'

/** Made first in every leg, and not measured: every process has done its work before. */
export const warmUp = 20

/** How many agents a market has, and how many claim the hot run. */
export const agents = 100

/** How many clients claim at the same time where throughput is measured. */
export const clients = 256

export type LegOptions = {
  postgres: Postgres
  mining: Mining
  /** How many claims one round of throughput makes on automine. */
  claims: number
  /** How often a leg that is measured in one market repeats what it measures. */
  trials: number
  /** Prints what is measured now. */
  say: (line: string) => void
}

/** A part of the bench that can run alone. */
export type Leg = {
  /** Measures once, or all trials. */
  round: () => Promise<void>
  /** The medians of the rounds so far, and what they were bound by. */
  result: () => LegResult
}

export type LegResult = { measurements: Measurement[]; notes: string[] }

/** Prints a value as soon as it is measured: a round takes minutes. */
export function record(what: string, value: number) {
  console.log(`  ${what}: ${value.toFixed(1)}`)
  return value
}
