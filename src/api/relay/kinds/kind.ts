import type { Address, Hash, Hex, Log } from 'viem'
import type { Requester } from '../../../../core/fairLane.ts'
import type { ChainHead } from '../chain/heads.ts'
import type { Failure, MarketCall } from '../chain/market.ts'
import type { Need } from '../ledger/needs.ts'
import type { Subjects } from '../ledger/spending.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import type { ActionRequest, Message, NamedAction } from './request.ts'

/**
 * What passed the checks before the simulation.
 * - `agentId`: the agent whose fees cover the action: the party is its wallet, which claims the run or has claimed it; undefined
 *   for any other party.
 * - `runsWalletCode`: the action runs code of the party: its contract, not its key, accepts the signature, or receives.
 * - `runFee`: what the run pays if it is approved or rejected, in USDC base units; undefined if the action is about no run.
 * - `poster`: of the run of a claim.
 * - `funds`: the USDC that the party has at a block, of which the action takes some.
 */
export type Examined = {
  agentId: bigint | undefined
  runsWalletCode: boolean
  runFee?: bigint | undefined
  poster?: Address | undefined
  funds?: { balance: bigint; block: bigint } | undefined
}

/**
 * - `undecided`: the chain refuses the action for this reason, and a pending transaction would change that.
 * - `made`: the chain shows the claim as the current one of its run.
 * - `overtaken`: it was not examined, because another claim of the run is likely to win it.
 */
export type Unready = { undecided: Refusal } | { made: MadeClaim } | { overtaken: true }

/** What the chain shows as the current claim of its run. */
export type MadeClaim = { actionId: Hex; round: bigint; blockNumber: bigint }

/** What a claim locks of its agent's stake, and the agent's account at a block. USDC base units. */
export type Lock = { amount: bigint; staked: bigint; unlocked: bigint; completions: bigint; block: bigint }

/** What passed the simulation. `gas`: the limit of a transaction of its own. `action`: with what the simulation has read. */
export type Passed = { action: NamedAction; gas: bigint; lock?: Lock | undefined }

/**
 * - `fails`: the chain refuses the action. `looksAgain`: the next look at the chain says whether another action is why.
 * - `undecided`: a pending transaction or the clock decides it; `refusal` is the answer if no block comes in time.
 */
export type Simulated =
  | ({ result: 'passes' } & Passed)
  | { result: 'fails'; refusal: Refusal; looksAgain: boolean }
  | { result: 'undecided'; refusal: Refusal | undefined }

/** An action that passed its simulation and needs a nonce. */
export type Candidate = Examined &
  Passed & {
    /** The fees that the agent's completed runs have paid, in USDC base units. */
    fees: bigint
    /** The transaction that had decided it when it was simulated: of a call that can be made again. */
    former?: bigint | undefined
    /** The client’s idempotency key. */
    key?: string | undefined
  }

/**
 * An action that the chain shows as made.
 * - `txHash`: absent if the chain does not say which transaction made it.
 * - `result`: the id of the run or agent that it made.
 * - `round`, `slot`: of a claim, which may be a later round than the one that it was stored for.
 */
export type Made = { blockNumber: bigint; txHash?: Hash; result: bigint | null; round?: bigint; slot?: string }

/** A row of `relay.action`, as far as it has the message. The integers of `body` are strings. */
export type MessageRow = {
  kind: string
  party: Address | null
  deadline: bigint | null
  agentId: bigint | null
  runId: bigint | null
  round: bigint | null
  body: Record<string, string>
}

/**
 * What an action is, where its signer has few places for unmined transactions left.
 * - `work`: a delivery, a review, and what else the parties of a run do with it. Claims are work, too.
 * - `free`: a registration, a stake, a withdrawal, a post or a close, which can be repeated at no cost.
 * - `open`: a call that anyone may ask for.
 */
export type Places = 'work' | 'free' | 'open'

/** The other claims of the run in this process. `haveOvertaken`: one of them is likely to win the run. */
type Rivals = { exist: () => boolean; haveOvertaken: () => boolean }

/**
 * `since`, by `performance.now()`: a refusal uses only what the chain has been since this time. `isFresh`: whether what lets
 * the action pass must, too. `rivals`: of a claim, checked again when it is its turn.
 */
export type Look = { since: number; isFresh: boolean; rivals?: Rivals }

/** Checks actions of a kind before they are simulated. */
export type Examination<M extends Message> = {
  /**
   * @throws Refusal with the chain's reason; REWARD_TOO_LOW; RATE_LIMITED; RELAY_UNAVAILABLE, also when the client
   * disconnects.
   */
  examine(request: ActionRequest<M>, requester: Requester, look: Look): Promise<Examined | Unready>
  /** Whether the party accepts the signature of the message, whatever the chain says of the action. */
  isSigned(request: ActionRequest<M>, requester: Requester): Promise<boolean>
}

/**
 * A kind of action: all that the relay asks about messages of some names. They are methods, so that a kind of some messages
 * is one of all: `createKinds` gives each only its own.
 */
export type Kind<M extends Message = Message> = Examination<M> & {
  /** The names of its messages, which never change once they are released: `relay.action` and `relay.tx` have them. */
  names: readonly M['action'][]
  /** What `messageOf` needs beside name, party and deadline. */
  bodyOf(message: M): Record<string, unknown>
  messageOf(row: MessageRow): M
  /** What it occupies while it is open: one action about the same is open at a time. */
  slotOf(message: M): string
  /** The USDC that it takes out of the account, or takes out of this agent's stake, or locks of it. Absent if it takes none. */
  takes?(message: M, lock?: Lock): { agentId: bigint | null; amount: bigint }
  /** The codes with which the chain refuses what is made already. */
  madeAlready: ReadonlySet<RefusalCode>
  /**
   * Whether anyone may ask for it, without a signature. No account's limits count it, and it can be made again once it is
   * decided: then the chain is asked first, and a decided one is the answer if the chain refuses what is made already.
   */
  isForAnyone: boolean
  /** Which of a signer's places for unmined transactions it may have. */
  placesOf(name: M['action']): Places

  /** What the message hashes to (EIP-712). Absent of claims, whose requests name no round. @throws Refusal RELAY_UNAVAILABLE. */
  idOf?(message: M): Promise<Hex>
  call(from: Address, message: M, signature: Hex): MarketCall
  /** The most gas that any action of the kind takes of its transaction. */
  mostGas: bigint
  /** The most gas that an action of this message takes in a transaction of its own. */
  mostGasOf(message: M): bigint

  /** @param block at which the chain refuses it. */
  refusalOfFailure(failure: Failure, message: M, block: bigint): Refusal | Promise<Refusal>
  invalidSignature(message: M): Refusal
  /** Whether a revert for this reason does not count against the party, or the agent of a claim. */
  isBlameless(message: M, problem: Refusal): boolean

  /** What the logs of its own transaction prove; undefined if they do not prove the action. */
  proofIn(message: M, logs: readonly Log[]): Pick<Made, 'result' | 'round' | 'slot'> | undefined
  /**
   * Looks for what the chain shows as made, by its events and nonces: another sender may have made the action, because its
   * signature is public once it is broadcast. It reads thousands of blocks: for actions whose signature is known to be good.
   * @param block at which the chain refuses the action.
   */
  findMade(request: ActionRequest<M>, head: ChainHead, block: bigint): Promise<Made | undefined>

  /**
   * Looks for what an action may have made that the chain would make again, where an unknown transaction has used its
   * nonce: a failover of the database may have lost which. Newest first; what another stored action has made may be among
   * it. Absent where the chain makes an action once.
   */
  findLost?(message: M, head: ChainHead): Promise<Made[]>

  /** The names that are locked while an action is stored, beside that of its party. */
  locksOf(message: M, examined: Examined): string[]
  /** @param fees what the agent's completed runs have paid, in USDC base units. */
  subjectsOf(message: M, examined: Examined & { fees: bigint }): Subjects
  /** What it needs, of which open actions may take some. Absent if it needs nothing. */
  needOf?(message: M, candidate: Examined & Pick<Passed, 'lock'>): Need | undefined
}

export type Kinds = ReturnType<typeof createKinds>

/** The kinds of action that this build knows. */
export function createKinds(all: readonly Kind[]) {
  const byName = new Map<string, Kind>(all.flatMap((kind) => kind.names.map((name) => [name, kind] as const)))

  function named(name: string): Kind {
    const kind = byName.get(name)
    if (!kind) throw new Error(`No kind of action has the name ${name}`)
    return kind
  }

  return {
    names: [...byName.keys()],
    of: ({ action }: Message) => named(action),
    /** The names of the actions that have these places. */
    namesWith: (places: Places) =>
      all.flatMap(({ names, placesOf }) => names.filter((name) => placesOf(name) === places)),
    messageOf: (row: MessageRow) => named(row.kind).messageOf(row),
    callOf: (from: Address, { message, signature }: ActionRequest) =>
      named(message.action).call(from, message, signature),
  }
}
