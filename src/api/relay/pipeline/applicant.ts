import type { Candidate, Kinds } from '../kinds/kind.ts'
import { nounOf, UNSIGNED } from '../kinds/request.ts'
import { type Applicant, MOST_OPEN } from '../ledger/reserve.ts'

/** What is stored of the action, and what its limits are. @param price the most that a transaction offers per gas, in wei. */
export function applicantOf(kinds: Kinds, candidate: Candidate, price: bigint): Applicant {
  const { action, gas, lock, runsWalletCode, former, key } = candidate
  const { actionId: id, request } = action
  const { message, signature } = request
  const kind = kinds.of(message)
  const { agentId, amount } = kind.takes?.(message, lock) ?? { agentId: null, amount: 0n }
  const ofRun = message.action === 'claim' && { runId: message.bountyId, round: message.round, key }
  const isSigned = signature !== UNSIGNED
  return {
    row: {
      id,
      kind: message.action,
      party: kind.hasParty ? message.party : null,
      agentId,
      amount,
      slot: kind.slotOf(message),
      ...ofRun,
      body: kind.bodyOf(message),
      deadline: isSigned ? message.deadline : null,
      signature: isSigned ? signature : null,
    },
    what: `${nounOf(message)}s`,
    locks: kind.locksOf(message, candidate),
    mostOpen: kind.mostOpen?.(candidate) ?? (runsWalletCode ? MOST_OPEN.ofContract : MOST_OPEN.ofKey),
    cost: (kind.batch?.gasOf(candidate, gas) ?? gas) * price,
    mostCost: kind.mostGas * price,
    subjects: kind.subjectsOf(message, candidate),
    need: kind.needOf?.(message, candidate),
    former,
  }
}
