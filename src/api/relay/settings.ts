import type { Deployment } from '../../../core/deployment.ts'
import type { Endpoints } from '../../../core/node/endpoints.ts'
import type { RelayEmitter } from './events.ts'
import type { IndexedUnstakers } from './kinds/accounts/examine.ts'
import type { IndexedCalls } from './kinds/open/known.ts'
import type { Shares } from './ledger/spending.ts'
import type { PipelineContext } from './pipeline/context.ts'
import type { SenderContext } from './sender/context.ts'
import type { RemoteKey } from './sender/keys/remoteKeys.ts'

type OfSender = 'databaseUrl' | 'accounts' | 'dailyBudget' | 'maxUnmined' | 'maxFeePerGas' | 'keeperInterval' | 'logger'

type OfPipeline = 'leastReward' | 'walletLimits' | 'indexedRuns' | 'feesPaid' | 'maxBatch' | 'interval'

export type RelaySettings = Pick<SenderContext, OfSender> &
  Pick<PipelineContext, OfPipeline> & {
    /** Of the chain; shared with the rest of the process. */
    endpoints: Endpoints
    deployment: Deployment
    remoteKeys: readonly RemoteKey[]
    /** Whether a devnet's relayer may make claims without the wallet’s signature. */
    allowUnsigned: boolean
    /** The smallest reward of a run that is posted, in USDC base units. */
    leastPost: bigint
    shares: Shares
    /** What anyone may ask for, in the index: what it refuses asks no node. */
    indexedCalls: IndexedCalls
    /** Who may unstake, in the index. */
    indexedUnstakers: IndexedUnstakers
    /** Emits events, for metrics, logs and traces. */
    events: RelayEmitter
    /** How many nonces of a key other programs may use before the node's counts are implausible. */
    foreignNonces: number
    /** How many days decided claims and their transactions are kept. */
    retentionDays: number
  }
