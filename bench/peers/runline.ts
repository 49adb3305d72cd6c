import { startApi } from '../../devnet/api.ts'
import { startIndexer } from '../../devnet/indexer.ts'
import { joinProcesses, type LivePeer, type Place } from './peer.ts'
import { ours } from './questions.ts'

const connectionsOf = ({ databaseUrl, chain: { rpcUrl, deploymentsDirectory, deployment } }: Place) => ({
  databaseUrl,
  rpcUrl,
  deploymentsDirectory,
  chainId: deployment.chainId,
})

/** Our own indexer and API, for the phases with a chain. */
export const runline: LivePeer = {
  name: 'Runline',
  questions: ours,
  pollingMs: 100,
  begins: /"msg":"Started backfill indexing"/,
  tables: { run: 'runline.run', agent: 'runline.agent' },

  async start(place, onLine) {
    const connections = connectionsOf(place)
    const api = await startApi(connections)
    const indexer = await startIndexer({ ...connections, onLine })
    return joinProcesses(api, indexer.part)
  },
}
