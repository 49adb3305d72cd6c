/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>()

  constructor(counts: Iterable<readonly [string, number]> = []) {
    for (const [name, times] of counts) this.add(name, times)
  }

  add(name: string, times = 1) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times)
  }

  /** Sorted by name. */
  [Symbol.iterator]() {
    return [...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)).values()
  }

  toString() {
    return [...this].map(([name, times]) => `${name} ${times}`).join(', ')
  }
}
