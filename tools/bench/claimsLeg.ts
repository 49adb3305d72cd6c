import type { Postgres } from '../devnet/postgres.ts'
import type { Mining } from './claimsMarket.ts'
import type { Measurement } from './figure.ts'

/** How many claims every leg makes first, without measuring them, to warm up the processes. */
export const warmUp = 20

/** How many of them at a time, because with 1 s blocks each takes a block. */
export const warmUpClients = 10

/** How many agents a market has, and how many claim the hot run. */
export const agents = 100

/** How many clients claim at the same time where throughput is measured. */
export const clients = 256

export type LegOptions = {
  postgres: Postgres
  mining: Mining
  /** How many claims one round of throughput makes on automine. */
  claims: number
  /** How often a leg within one market repeats its measurement. */
  trials: number
  /** Prints what the leg measures now. */
  say: (line: string) => void
}

/** A part of the bench that can run by itself. */
export type Leg = {
  /** Measures once, or all trials. */
  round: () => Promise<void>
  /** The medians of the rounds so far, and what limited them. */
  result: () => LegResult
}

export type LegResult = { measurements: Measurement[]; notes: string[] }

/** Prints a value as soon as it is measured, because a round takes minutes. @returns the value. */
export function record(what: string, value: number) {
  console.log(`  ${what}: ${value.toFixed(1)}`)
  return value
}
