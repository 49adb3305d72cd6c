// What the accounts of a run sign: applications, its claim, and the actions about it.
import { market } from './market.js'
import { messageTypes } from './messageTypes.js'
import { typedDataOf } from './typedData.js'

/** Of applications, which no contract takes. */
const isForApi = (action) => membersOf(action).includes('runId')

const membersOf = (action) => messageTypes[action].members.map(({ name }) => name)

/** Whether the message names a run: what accounts sign with their money, stake and agents names none. */
export const isRunAction = (action) => ['bountyId', 'runId'].includes(membersOf(action)[0])

/** The members of the message whose value is the account that signs. */
const parties = ['wallet', 'signer', 'poster']

/**
 * What to sign, built from what the page shows. Only the deadline is the API's, and the number of a naming: the market
 * refuses another than the next.
 * @param known the members that the page knows: run, round, revision, terms, text.
 * @param got the typed data that the API asks to sign. @throws Mismatch if it differs.
 */
export function runMessage(action, known, account, got) {
  const values = { ...known, deadline: got.message.deadline, naming: got.message.naming }
  for (const party of parties) values[party] = account
  const domain = {
    name: isForApi(action) ? 'Runline' : 'BountyMarket',
    version: '1',
    chainId: market.chainId,
    verifyingContract: market.contracts.BountyMarket,
  }
  return typedDataOf(action, domain, values, got)
}

/** What the API's message depends on. */
export function runQuery(action, known, account) {
  const { bountyId, runId = bountyId, agentId, revision, deliverableHash, feedbackHash, claimant, note } = known
  const query = { runId, deliverableHash, feedbackHash, claimant, note }
  if (membersOf(action).includes('agentId')) return { ...query, agentId, walletAddress: account }
  return membersOf(action).includes('signer') ? { ...query, signer: account, revision } : query
}
