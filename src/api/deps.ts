import type { Logger } from 'pino'
import type { ClientLimits } from './http/clientLimits.ts'
import type { MarketAddress } from './market/claimMessage.ts'
import type { IndexReader } from './queries/indexReader.ts'
import type { Relay } from './relay/relay.ts'

/** What the app is made of. A host builds it; nothing of it exists at import. */
export type Deps = {
  index: IndexReader
  logger: Logger
  /** The contract for which claims are signed. */
  market: MarketAddress
  /** Absent where claims are not relayed: under Ponder's host, and without a relayer's key. */
  relay?: Relay
  /** What one client may do. Absent under Ponder's host, which is for whoever runs one process only. */
  limits?: ClientLimits
}
