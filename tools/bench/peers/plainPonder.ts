import { ponderListens, startPonderApp } from '../ponderApp.ts'
import { fillFrom } from './fill.ts'
import type { Peer } from './peer.ts'
import { ponderGraphql, rest } from './questions.ts'

const app = { folder: 'tools/bench/peers/ponder', schema: 'peer' }

export const plainPonder: Peer = {
  name: 'Ponder',
  questions: rest,
  others: { "Ponder's GraphQL": ponderGraphql },
  pollingMs: 100,
  begins: /"msg":"Started backfill indexing"/,
  tables: { run: 'peer.run', agent: 'peer.agent' },
  fill: fillFrom('peer.run', { naming: 'snake', isLowerCase: true }),

  async start(place, onLine) {
    const { url, part } = await startPonderApp({ ...app, ...place, command: 'start', onLine })
    return { url, indexer: part, stop: part.stop }
  },

  async serve(place) {
    const served = await startPonderApp({ ...app, ...place, command: 'serve' })
    await served.part.saw(ponderListens, 60_000)
    return served
  },
}
