import { createHash } from 'node:crypto'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** The only source of randomness of a simulation, so that the same random seed repeats it. */
export type Random = {
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  /** @throws on an empty list: the caller decides what to do then. */
  pick<T>(items: readonly T[]): T
  /** Draws a key with a probability proportional to its weight. */
  weighted<Key extends string>(weights: Record<Key, number>): Key
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  const int = (from: number, to: number) => uniformInt(generator, from, to)

  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new Error('nothing to pick from')
    return items[int(0, items.length - 1)] as T
  }

  const weighted = <Key extends string>(weights: Record<Key, number>): Key => {
    const entries = Object.entries<number>(weights)
    let ticket = int(
      1,
      entries.reduce((total, [, weight]) => total + weight, 0),
    )
    for (const [key, weight] of entries) {
      ticket -= weight
      if (ticket <= 0) return key as Key
    }
    throw new Error('the weights do not add up')
  }

  return { int, pick, weighted, chance: (probability) => int(1, 1_000_000) <= probability * 1_000_000 }
}

/** A random seed for one purpose, so that the draws of one part do not depend on how often another part draws. */
export function seedOf(seed: number, purpose: string): number {
  return createHash('sha256').update(`${seed} ${purpose}`).digest().readInt32LE()
}
