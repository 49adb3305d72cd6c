// What the accounts of a run sign: applications, its claim, and the actions about it.
import { market } from './market.js'
import { assertSame, typedData } from './typedData.js'

const types = {
  runId: 'uint256',
  note: 'string',
  bountyId: 'uint256',
  agentId: 'uint256',
  wallet: 'address',
  signer: 'address',
  poster: 'address',
  round: 'uint256',
  revision: 'uint256',
  deliverableHash: 'string',
  feedbackHash: 'string',
  naming: 'uint256',
  claimant: 'address',
  reward: 'uint256',
  stake: 'uint256',
  workPeriod: 'uint256',
  evaluator: 'address',
  deadline: 'uint256',
}

const actions = {
  claim: [
    'Claim',
    ['bountyId', 'agentId', 'wallet', 'round', 'reward', 'stake', 'workPeriod', 'evaluator', 'deadline'],
  ],
  start: ['StartWork', ['bountyId', 'wallet', 'round', 'deadline']],
  submit: ['SubmitWork', ['bountyId', 'wallet', 'round', 'revision', 'deliverableHash', 'deadline']],
  abandon: ['AbandonClaim', ['bountyId', 'wallet', 'round', 'revision', 'deadline']],
  approve: ['ApproveWork', ['bountyId', 'signer', 'round', 'revision', 'deadline']],
  revise: ['RequestRevision', ['bountyId', 'signer', 'round', 'revision', 'feedbackHash', 'deadline']],
  reject: ['RejectWork', ['bountyId', 'signer', 'round', 'revision', 'deadline']],
  close: ['CloseBounty', ['bountyId', 'poster', 'deadline']],
  apply: ['Apply', ['runId', 'agentId', 'wallet', 'note', 'deadline']],
  withdraw: ['WithdrawApplication', ['runId', 'agentId', 'wallet', 'deadline']],
  'name-claimant': ['NameClaimant', ['bountyId', 'poster', 'naming', 'claimant', 'deadline']],
}

/** Of applications, which no contract takes. */
const isForApi = (action) => membersOf(action).includes('runId')

const membersOf = (action) => actions[action][1]

export const isRunAction = (action) => Object.hasOwn(actions, action)

/** The members of the message whose value is the account that signs. */
const parties = ['wallet', 'signer', 'poster']

/**
 * What to sign, built from what the page shows. Only the deadline is the API's, and the number of a naming: the market
 * refuses another than the next.
 * @param known the members that the page knows: run, round, revision, terms, text.
 * @param got the typed data that the API asks to sign. @throws Mismatch if it differs.
 */
export function runMessage(action, known, account, got) {
  const [primaryType, names] = actions[action]
  const values = { ...known, deadline: got.message.deadline, naming: got.message.naming }
  for (const party of parties) values[party] = account
  const members = Object.fromEntries(names.map((name) => [name, types[name]]))
  const message = Object.fromEntries(names.map((name) => [name, String(values[name])]))
  const domain = {
    name: isForApi(action) ? 'Runline' : 'BountyMarket',
    version: '1',
    chainId: market.chainId,
    verifyingContract: market.contracts.BountyMarket,
  }
  const own = typedData(domain, primaryType, members, message)
  assertSame(own, got)
  return own
}

/** The request that makes the action, without its signature. */
export function runRequest(action, { bountyId, ...message }) {
  if (!membersOf(action).includes('agentId')) return { path: `/api/runs/${bountyId}/${action}`, body: message }
  const { runId, wallet: walletAddress, ...own } = message
  if (isForApi(action)) {
    const method = action === 'apply' ? 'POST' : 'DELETE'
    return { path: `/api/runs/${runId}/applications`, method, body: { walletAddress, ...own } }
  }
  return { path: `/api/runs/${bountyId}/claim`, body: { agentId: own.agentId, walletAddress, deadline: own.deadline } }
}

/** What the API's message depends on. */
export function runQuery(action, known, account) {
  const { bountyId, runId = bountyId, agentId, revision, deliverableHash, feedbackHash, claimant, note } = known
  const query = { runId, deliverableHash, feedbackHash, claimant, note }
  if (membersOf(action).includes('agentId')) return { ...query, agentId, walletAddress: account }
  return membersOf(action).includes('signer') ? { ...query, signer: account, revision } : query
}
