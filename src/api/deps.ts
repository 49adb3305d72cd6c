import type { Logger } from 'pino'
import type { Deployment } from '../../core/deployment.ts'
import type { AccountActionName } from '../../core/market/accountActions.ts'
import type { OpenCallName } from '../../core/market/openCalls.ts'
import type { RunActionName } from '../../core/market/runActions.ts'
import type { ContentStore } from './content/store.ts'
import type { ClientLimits } from './http/clientLimits.ts'
import type { IndexReader } from './index/reader.ts'
import type { Relay } from './relay/relay.ts'
import type { ReadBalances } from './reserves.ts'
import type { Streams } from './stream/streams.ts'

/** What the app uses. A host creates it; importing this module creates nothing. */
export type Deps = {
  index: IndexReader
  logger: Logger
  /** The contracts of the market. Claims are signed for its BountyMarket. */
  deployment: Deployment
  streams: Streams
  /** Absent where claims are not relayed: without a relayer's key. */
  relay?: Relay
  /** Absent where no node is asked, as in tests of the app. */
  readBalances?: ReadBalances
  /** Absent where no content is stored. */
  content?: ContentStore
  /** The actions that are relayed; all if absent. */
  relayedActions?: readonly (RunActionName | AccountActionName | OpenCallName)[]
  /** Where a block explorer shows transactions, at `/tx/` and their hash. Absent where there is none. */
  explorerUrl?: string
  /** Where to report a vulnerability, as a URL. Absent where the operator names none. */
  securityContact?: string
  /** Rate limits of a client. Absent where no server runs, as in tests of the app. */
  limits?: ClientLimits
}
