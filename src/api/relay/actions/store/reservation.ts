import type { Examined, Kinds } from '../../kinds/kind.ts'
import { type NamedAction, UNSIGNED } from '../../kinds/request.ts'
import { type Applicant, MOST_OPEN } from '../../ledger/reserve.ts'
import { Refusal } from '../../refusal.ts'
import { type Database, query } from '../../store/database.ts'
import { readSharing, type SpendingLimits } from '../../store/spending.ts'
import { REVERTS, refusalOfLimits, type Waits, type WalletLimits, waitColumns } from '../../store/walletLimits.ts'

/** An action that passed its simulation and needs a nonce. */
export type ActionCandidate = Examined & {
  action: NamedAction
  gas: bigint
  /** The fees that the agent's completed runs have paid, in USDC base units. */
  fees: bigint
  /** The transaction that had decided it when it was simulated: of a call that can be made again. */
  former?: bigint | undefined
}

/** Which actions the limits of their parties allow. */
export function createReservation(kinds: Kinds) {
  return {
    /**
     * Why no share of the budget has room for the action: what is refused then is not simulated.
     * @param candidate `gas`: the most that it may take; when it is stored, its gas limit counts.
     * @returns undefined if one has.
     */
    async refusalOfShares(
      database: Database,
      candidate: ActionCandidate,
      { price, spendingLimits }: { price: bigint; spendingLimits: SpendingLimits },
    ): Promise<Refusal | undefined> {
      const { message } = candidate.action.request
      const kind = kinds.of(message)
      const subjects = kind.subjectsOf(message, candidate)
      const sharing = await readSharing(database, spendingLimits, 'actions', [subjects])
      const share = sharing.find(subjects, candidate.gas * price, kind.mostGas * price)
      return share instanceof Refusal ? share : undefined
    },

    /** Why the party may send no action now. */
    async refusalOfParty(database: Database, { request: { message } }: NamedAction, limits: WalletLimits) {
      if (!kinds.of(message).hasParty) return undefined
      const { party } = message
      const text = `SELECT ${waitColumns('0', '$2', '$3', REVERTS.ofParty)} FROM (SELECT $1::text AS wallet) AS asked`
      const [row] = await query<Waits>(database, text, [party, limits.perMinute, limits.perDay])
      return row && refusalOfLimits({ wallet: party, who: party }, row, limits)
    },

    /** What is stored of the action, and what its limits are. @param price the most that a transaction offers per gas, in wei. */
    applicantOf(candidate: ActionCandidate, price: bigint): Applicant {
      const { action, gas, runsWalletCode, former } = candidate
      const { actionId: id, request } = action
      const { message, signature } = request
      const kind = kinds.of(message)
      const { agentId, amount } = kind.takes?.(message) ?? { agentId: null, amount: 0n }
      const [party, deadline] = kind.hasParty ? [message.party, message.deadline] : [null, null]
      const of = { id, kind: message.action, party, agentId, amount, slot: kind.slotOf(message) }
      return {
        row: { ...of, body: kind.bodyOf(message), deadline, signature: signature === UNSIGNED ? null : signature },
        locks: kind.locksOf(message, candidate),
        who: message.party,
        mostOpen: runsWalletCode ? MOST_OPEN.ofContract : MOST_OPEN.ofKey,
        cost: gas * price,
        mostCost: kind.mostGas * price,
        subjects: kind.subjectsOf(message, candidate),
        need: kind.needOf?.(message, candidate),
        former,
      }
    },
  }
}
