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

/** A row of `relay.action`, as far as it has the message. The integers of `body` are strings. */
export type MessageRow = { kind: string; party: Address | null; deadline: bigint | null; body: Record<string, string> }

/**
 * What an action is, where its signer has few places for unmined transactions left.
 * - `work`: a delivery, a review, and what else the parties of a run do with it. Claims are work, too.
 * - `free`: a registration, a stake, a withdrawal, a post or a close, which can be repeated at no cost.
 * - `open`: a call that anyone may ask for.
 */
export type Places = 'work' | 'free' | 'open'

/** Checks actions of a kind before they are simulated. */
export type Examination<M extends Message> = {
  /**
   * @param since by `performance.now()`. A refusal uses only reads of the chain that started at this time or later.
   * @returns `undecided` with the chain's refusal if a pending transaction would change it.
   * @throws Refusal with the chain's reason; REWARD_TOO_LOW; RATE_LIMITED; RELAY_UNAVAILABLE, also when the client
   * disconnects.
   */
  examine(action: NamedAction<M>, requester: Requester, since: number): Promise<Examined | { undecided: Refusal }>
  /** Whether the party accepts the signature of the message, whatever the chain says of the action. */
  isSigned(action: NamedAction<M>, requester: Requester): Promise<boolean>
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
  /** The USDC that it takes out of the account, or out of this agent's stake, in base units. Absent if it takes none. */
  takes?(message: M): { agentId: bigint | null; amount: bigint }
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
  placesOf(name: M['action']): Places

  /** What the message hashes to (EIP-712). @throws Refusal RELAY_UNAVAILABLE. */
  idOf(message: M): Promise<Hex>
  call(from: Address, message: M, signature: Hex): MarketCall
  /** The most gas of any action of the kind. */
  mostGas: bigint
  /** The most gas that an action of this message takes. */
  mostGasOf(message: M): bigint

  refusalOfFailure(failure: Failure, message: M): Refusal
  invalidSignature(message: M): Refusal

  /** What the logs of its own transaction prove; undefined if they do not prove the action. */
  proofIn(message: M, logs: readonly Log[]): { result: bigint | null } | undefined
  /**
   * Looks for what the chain shows as made, by its events and nonces: another sender may have made the action, because its
   * signature is public once it is broadcast. It reads thousands of blocks: for actions whose signature is known to be good.
   */
  findMade(request: ActionRequest<M>, head: ChainHead): Promise<Made | undefined>

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
  needOf?(message: M, examined: Examined): Need | undefined
}

export type Kinds = ReturnType<typeof createKinds>

/** The kinds of action that this build knows, beside claims. */
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
