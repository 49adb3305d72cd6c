// Leaves out what Ponder does in each block's transaction for its live queries, which nothing here uses: it creates and drops
// a table that has the names of the changed tables, and fills it by a trigger for each row. Readers are notified by a
// trigger of ours (builds/views.ts). Not for `ponder dev`, which has no other notification.
import { correctPonder } from './ponderSource.ts'

correctPonder([
  {
    module: 'runtime/multichain.js',
    pattern: /await tx\.wrap\(\(tx\) => tx\.execute\(`CREATE TEMP TABLE \$\{getLiveQueryTempTableName\(\)\} [^;]+;/g,
    matches: 1,
    replacement: '',
  },
  // At its start, and after a reorg. An indexer that starts drops those of an earlier version.
  {
    module: 'runtime/multichain.js',
    pattern: /await createLiveQueryTriggers\([^;]+;/g,
    matches: 2,
    replacement: '',
  },
  {
    module: 'runtime/multichain.js',
    pattern: /await dropLiveQueryTriggers\([^;]+;/g,
    matches: 1,
    replacement: '',
  },
])
