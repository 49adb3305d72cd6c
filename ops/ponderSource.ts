// Corrects Ponder's source as its modules are loaded, where it has no setting. A version of Ponder with another source
// fails here, at the start.
import { registerHooks } from 'node:module'

type Correction = {
  /** Its path in Ponder's package. */
  module: string
  pattern: RegExp
  /** How often the pattern must match. */
  matches: number
  replacement: string
}

/** Modules of ours, as Ponder's source imports them. */
const finality = JSON.stringify(new URL('ponderFinality.ts', import.meta.url).href)
const blocks = JSON.stringify(new URL('ponderBlocks.ts', import.meta.url).href)

const corrections: readonly Correction[] = [
  // Leaves the limit of requests to our transport, which knows what is sent to the node. Ponder starts at 20 requests a second
  // for each transport, and adapts in steps of 5 % to a constant maximum.
  {
    module: 'rpc/index.js',
    pattern: /^const (INITIAL_MAX_RPS|MAX_RPS) = \d+;$/gm,
    matches: 2,
    replacement: 'const $1 = Number.POSITIVE_INFINITY;',
  },
  // Queues the next interval of a backfill once. Ponder queues it within a transaction, which it repeats after a broken
  // connection: each repeat adds a copy of every later interval. The copies hold all connections, and the backfill stops.
  {
    module: 'runtime/historical.js',
    pattern:
      /(await promise;\s+if \(isSyncComplete === false)(\) \{)(\s+\/\/ Queue [^;]+promise: pwr\.promise,\s+\}\);)/g,
    matches: 1,
    replacement: '$1 && !pwr.isNextQueued$2 pwr.isNextQueued = true;$3',
  },
  // Follows the chain only once it is near: Ponder backfills several times as fast as it follows. It looks at the distance
  // only where the backfill took more than 30 seconds.
  {
    module: 'runtime/historical.js',
    pattern: /if \(Date\.now\(\) - lastUnfinalizedRefetch < 30_000\) \{/g,
    // The second is of an ordering that we do not use.
    matches: 2,
    replacement: 'if (false) {',
  },
  // Reads all blocks that it lacks, 50 at a time. Ponder reads the next 50 at the next poll.
  {
    module: 'sync-realtime/index.js',
    pattern: /if \(hexToNumber\(block\.number\) - hexToNumber\(latestBlock\.number\) >\s+MAX_QUEUED_BLOCKS\) \{/g,
    matches: 1,
    replacement: 'if (false) {',
  },
  // Takes the logs of the indexed contracts alone. Ponder refuses a block with logs if it gets none of them; our transport does,
  // which sees the logs of all contracts.
  {
    module: 'rpc/actions.js',
    pattern: /if \(block\.logsBloom !== zeroLogsBloom && logs\.length === 0\) \{/g,
    matches: 1,
    replacement: 'if (false) {',
  },
  // Stores the blocks that wait in one transaction. Ponder has one for each.
  {
    module: 'runtime/multichain.js',
    pattern:
      /(for await \(const event of )(bufferAsyncGenerator\(getRealtimeEventsMultichain\([\s\S]+?bufferCallback\))\)/g,
    matches: 1,
    replacement: '$1joinBlocks($2))',
  },
  {
    module: 'runtime/multichain.js',
    pattern: /^import \{ splitEvents \}/gm,
    matches: 1,
    replacement: `import { joinBlocks, logStatements } from ${blocks};\n$&`,
  },
  // Writes the checkpoint of a block into all reorg logs at once. Ponder has a query for each table.
  {
    module: 'runtime/multichain.js',
    pattern: /await Promise\.all\(tables\.map\(\(table\) => commitBlock\(tx, [^;]+;/g,
    matches: 1,
    replacement: `await tx.wrap({ label: "commit_block" }, (tx) =>
      tx.execute(logStatements(namespaceBuild.schema, tables.map(getTableName), checkpoint)), context);`,
  },
  // Measures the delay of the event loop every 10 ms, as prom-client does by itself. Ponder measures it every millisecond: an
  // idle indexer takes twice the CPU time.
  {
    module: 'internal/metrics.js',
    pattern: /eventLoopMonitoringPrecision: 1,/g,
    matches: 1,
    replacement: 'eventLoopMonitoringPrecision: 10,',
  },
  // Counts blocks as finalized by time. Ponder assumes a block every two seconds on chains that it does not know.
  {
    module: 'utils/finality.js',
    pattern: /^( {4}return )(finalityBlockCount);$/gm,
    matches: 1,
    replacement: '$1finalityBlocks($2);',
  },
  {
    module: 'utils/finality.js',
    pattern: /^export const isAsyncExecutionChain/gm,
    matches: 1,
    replacement: `import { finalityBlocks } from ${finality};\n$&`,
  },
  {
    module: 'build/config.js',
    pattern: /Math\.max\(latest - chain\.finalityBlockCount, 0\)/g,
    matches: 1,
    replacement: 'finalizedAtStart(latest, chain.finalityBlockCount)',
  },
  {
    module: 'build/config.js',
    pattern: /^import \{ getFinalityBlockCount \}/gm,
    matches: 1,
    replacement: `import { finalizedAtStart } from ${finality};\n$&`,
  },
]

const PONDER_MODULE = /\/ponder\/dist\/esm\/(.+)$/

correctPonder(corrections)

/** Corrects the modules that are loaded from now on. */
export function correctPonder(corrections: readonly Correction[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const module = PONDER_MODULE.exec(url)?.[1]
      const due = corrections.filter((correction) => correction.module === module)
      if (due.length === 0) return loaded
      return { ...loaded, source: due.reduce(correct, String(loaded.source)) }
    },
  })
}

function correct(source: string, { module, pattern, matches, replacement }: Correction): string {
  const found = source.match(pattern)?.length ?? 0
  if (found !== matches) {
    throw new Error(`${module} of Ponder has ${found} of ${matches} places to correct by ${pattern}: use Ponder 0.17.7`)
  }
  return source.replace(pattern, replacement)
}
