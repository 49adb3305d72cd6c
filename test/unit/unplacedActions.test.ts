import { zeroAddress } from 'viem'
import { expect, it } from 'vitest'
import type { Message } from '../../src/api/relay/kinds/request.ts'
import { refusalOf } from '../../src/api/relay/pipeline/act.ts'
import { Refusal } from '../../src/api/relay/refusal.ts'

const named = { bountyId: 1n, party: zeroAddress, deadline: 0n }
const claim: Message = { action: 'claim', agentId: 7n, ...named }
const start: Message = { action: 'start', round: 1n, revision: 0n, text: '', ...named }

it.each<[Message, Parameters<typeof refusalOf>[0], string]>([
  [claim, { result: 'undecided', refusal: new Refusal('RUN_NOT_OPEN', 'Refused.') }, 'Refused.'],
  [start, { result: 'undecided' }, 'A transaction that is not mined yet decides about this action.'],
  [claim, { result: 'rival' }, 'A transaction that is not mined yet decides about this claim.'],
  [claim, { result: 'locked' }, 'Other claims of agent 7 are not decided yet.'],
  [start, { result: 'locked' }, `Other actions of ${zeroAddress} are not decided yet.`],
  [claim, { result: 'left', blocker: 'stuck' }, 'The chain’s node does not take transactions.'],
  [start, { result: 'left', blocker: 'full' }, 'The relayer has as many unmined transactions as it may have.'],
  [start, { result: 'left' }, 'The action queue is too long.'],
])('%o that was not placed in time, because %o: %s', (message, placement, detail) => {
  expect(refusalOf(placement, message).detail).toBe(detail)
})
