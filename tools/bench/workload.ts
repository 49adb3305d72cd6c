/**
 * Whether the benchmarks only take a look, within five minutes for all: fewer runs, and one round. The figures are
 * noisier then, and are not written to bench/results.
 */
export const isQuick = process.argv.includes('--quick')

/** Whether the benchmarks do all that they do for tools/bench/results: not briefly, and with no amount or choice of the environment. */
export const isComplete = !isQuick && !Object.keys(process.env).some((variable) => variable.startsWith('BENCH_'))

/** How much each benchmark does. */
export const workload = {
  /** How often a figure and its baseline are measured in turn. */
  rounds: amountOf('BENCH_ROUNDS', { full: 5, quick: 1 }),
  /** The same where a round takes long. */
  longRounds: amountOf('BENCH_ROUNDS', { full: 3, quick: 1 }),
  /** How long a load of reads takes. */
  seconds: amountOf('BENCH_SECONDS', { full: 3, quick: 1 }),
  /** The runs of the large market. */
  runs: amountOf('BENCH_RUNS', { full: 1_000_000, quick: 50_000 }),
  /** How many runs of `size` have a brief. */
  briefs: amountOf('BENCH_BRIEFS', { full: 1_000_000, quick: 50_000 }),
  /** The claims of a leg. */
  claims: amountOf('BENCH_CLAIMS', { full: 500, quick: 60 }),
  /** The lives of runs, by raw transactions and through the API. */
  lives: amountOf('BENCH_LIVES', { full: 1_000, quick: 20 }),
  /** The blocks after which `live` waits for the answer. */
  blocks: amountOf('BENCH_BLOCKS', { full: 200, quick: 20 }),
  /** The blocks that `stream` delivers to each number of streams. */
  streamBlocks: amountOf('BENCH_STREAM_BLOCKS', { full: 60, quick: 10 }),
  streams: amountOf('BENCH_STREAMS', { full: 10_000, quick: 1_000 }),
  /** The market's events of a backfill. */
  events: amountOf('BENCH_EVENTS', { full: 100_000, quick: 5_000 }),
  /** `peers` measures five indexers, so each does less. */
  peers: {
    rounds: amountOf('BENCH_ROUNDS', { full: 3, quick: 1 }),
    seconds: amountOf('BENCH_SECONDS', { full: 2, quick: 1 }),
    runs: amountOf('BENCH_RUNS', { full: 200_000, quick: 20_000 }),
    blocks: amountOf('BENCH_BLOCKS', { full: 200, quick: 10 }),
    kills: amountOf('BENCH_KILLS', { full: 2, quick: 1 }),
    events: amountOf('BENCH_EVENTS', { full: 20_000, quick: 5_000 }),
  },
}

/** The amount in the environment variable, if there is one. @throws an error that names it if it is not a count. */
function amountOf(variable: string, { full, quick }: { full: number; quick: number }): number {
  const given = process.env[variable]
  if (given === undefined) return isQuick ? quick : full
  if (!/^[1-9]\d*$/.test(given)) throw new Error(`${variable} is '${given}'; it must be a whole number above 0`)
  return Number(given)
}
