import type pg from 'pg'
import type { Address, Hash, Hex, Log } from 'viem'
import type { ChainHead } from '../chain/heads.ts'
import type { Failure, MarketCall } from '../chain/market.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import type { ActionKindName } from '../store/actionTables.ts'
import type { Subjects } from '../store/spending.ts'
import type { ActionRequest, Message } from './request.ts'
import type { Places } from './store/places.ts'

/**
 * What passed the checks before the simulation.
 * - `agentId`: the party is the agent's wallet, which claimed the run; undefined for any other party.
 * - `runsWalletCode`: the action runs code of the party: its contract, not its key, accepts the signature, or receives.
 * - `runFee`: what the run pays if it is approved or rejected, in USDC base units; undefined if the action is about no run.
 * - `funds`: the USDC that the party has at a block, of which the action takes some.
 */
export type Examined = {
  agentId: bigint | undefined
  runsWalletCode: boolean
  runFee?: bigint | undefined
  funds?: { balance: bigint; block: bigint } | undefined
}

/** An action that the chain shows as made, by whichever transaction. `result`: the id of the run or agent that it made. */
export type Made = { txHash: Hash; blockNumber: bigint; result: bigint | null }

/** What the general part of the relay asks about the messages of a kind of action. */
export type ActionForm<M extends Message> = {
  /** The name of the kind in `relay.tx`, which never changes once it is released. */
  kind: ActionKindName
  /** The table of its actions, whose other columns are those of `relay.action`. */
  table: string
  /** The columns of the message beside its name, its party and its deadline, as the table has them, with their types. */
  columns: Record<string, string>
  valuesOf: (message: M) => unknown[]
  /** @param row the columns, with those of all kinds. */
  messageOf: (row: never) => M
  /** The codes with which the chain refuses what is made already. */
  madeAlready: ReadonlySet<RefusalCode>
  /**
   * Whether it can be made again once it is decided, because no signature has it happen once. Then the chain is asked
   * first, and a decided one is the answer if the chain refuses what is made already.
   */
  isRepeatable: boolean
  /**
   * Whether an account asks for it, whose limits count it. A call that anyone may ask for has no account: of a limit that
   * all have together, one client would leave nothing to the others.
   */
  hasParty: boolean
  /** Which of a signer's places for unmined transactions it may have. */
  placesOf: (message: M) => Places
  /** The column that says what an action is about: one of a party about the same is open at a time. */
  subject: { column: string; of: (message: M) => string }

  /** What the message hashes to (EIP-712). @throws Refusal RELAY_UNAVAILABLE. */
  idOf: (message: M) => Promise<Hex>
  call: (from: Address, message: M, signature: Hex) => MarketCall
  /** The most gas of any action of the kind. */
  mostGas: bigint
  /** The most gas that an action of this message takes. */
  mostGasOf: (message: M) => bigint

  refusalOfFailure: (failure: Failure, message: M) => Refusal
  expired: (message: M, now: bigint) => Refusal
  invalidSignature: (message: M) => Refusal
  /** Another action of the party about the same is not decided yet. */
  pending: (actionId: Hex, message: M) => Refusal

  /** What the logs of its own transaction prove; undefined if they do not prove the action. */
  resultIn: (message: M, logs: readonly Log[]) => { result: bigint | null } | undefined
  /**
   * Looks for what the chain shows as made, by its events and nonces: another sender may have made the action, because its
   * signature is public once it is broadcast. It reads thousands of blocks: for actions whose signature is known to be good.
   */
  findMade: (request: ActionRequest<M>, head: ChainHead) => Promise<Made | undefined>

  /**
   * Looks for what an action may have made that the chain would make again, where an unknown transaction has used its
   * nonce: a failover of the database may have lost which. Newest first; what another stored action has made may be among
   * it. Absent where the chain makes an action once.
   */
  findLost?: (message: M, head: ChainHead) => Promise<Made[]>

  /** The names that are locked while an action is stored, beside that of its party. */
  locksOf: (message: M, examined: Examined) => string[]
  /** @param fees what the agent's completed runs have paid, in USDC base units. */
  subjectsOf: (message: M, examined: Examined & { fees: bigint }) => Subjects
  /** Whether pending transactions may take what the action needs. */
  isShort: (db: pg.PoolClient, message: M, examined: Examined) => Promise<boolean>
}
