import { startApi } from '../../devnet/api.ts'
import { startIndexer } from '../../devnet/indexer.ts'
import { joinProcesses, type LivePeer } from './peer.ts'
import { ours } from './questions.ts'

/** Our own indexer and API, for the phases with a chain. */
export const runline: LivePeer = {
  name: 'Runline',
  questions: ours,
  pollingMs: 100,
  begins: /"msg":"Started backfill indexing"/,
  tables: { run: 'runline.run', agent: 'runline.agent' },

  async start({ chain, databaseUrl }, onLine) {
    const connections = { ...chain, databaseUrl }
    const api = await startApi(connections)
    const indexer = await startIndexer({ ...connections, onLine })
    return joinProcesses(api, indexer.part)
  },
}
