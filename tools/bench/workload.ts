/** Whether the benchmarks only take a look: fewer runs, and one round. The figures are noisier then, and are not written. */
export const isQuick = process.argv.includes('--quick')

/** How much a benchmark does: all of it, or for a look. */
export const amount = (full: number, quick: number): number => (isQuick ? quick : full)

/** The runs of a large market. */
export const MANY_RUNS = amount(1_000_000, 50_000)

/** How often a figure and its baseline are measured in turn. */
export const ROUNDS = amount(3, 1)
