import type { Candidate } from '../kinds/kind.ts'
import type { NamedAction } from '../kinds/request.ts'
import { refusalOfLimits, type Waits, waitColumns } from '../ledger/limits.ts'
import { readSharing } from '../ledger/spending.ts'
import type { PipelineContext } from '../pipeline/context.ts'
import { Refusal } from '../refusal.ts'
import { query } from '../store/database.ts'

/** Which actions the limits of their parties and the shares of the budget allow, before these are simulated. */
export function createActionLimits({ pool, kinds, fees, walletLimits, spendingLimits }: PipelineContext) {
  return {
    /**
     * Why no share of the budget has room for the action: what is refused then is not simulated.
     * @param candidate `gas`: the most that it may take; when it is stored, its gas limit counts.
     * @returns undefined if one has.
     */
    async refusalOfShares(candidate: Omit<Candidate, 'lock'>): Promise<Refusal | undefined> {
      const { message } = candidate.action.request
      const kind = kinds.of(message)
      const subjects = kind.subjectsOf(message, candidate)
      const { maxFeePerGas: price } = await fees()
      const sharing = await readSharing(pool, spendingLimits, 'actions', [subjects])
      const share = sharing.find(subjects, candidate.gas * price, kind.mostGas * price)
      return share instanceof Refusal ? share : undefined
    },

    /** Why the party may send no action now. */
    async refusalOfParty({ request: { message } }: NamedAction) {
      if (!kinds.of(message).hasParty) return undefined
      const { party } = message
      const asked = '(SELECT $1::text AS wallet, NULL::numeric AS agent_id) AS asked'
      const text = `SELECT ${waitColumns('0', '$2', '$3')} FROM ${asked}`
      const [row] = await query<Waits>(pool, text, [party, walletLimits.perMinute, walletLimits.perDay])
      return row && refusalOfLimits(party, null, row, walletLimits)
    },
  }
}
