// What an account sends itself where it signs nothing, such as a multisig: built from what was asked, as a message is.
import { hashOf, paidFor, textTail, utf8, WORD_BYTES, word } from './accountMessages.js'
import { market } from './market.js'

/** The contract and the function of each action. The parameters have the names of the members; one at most is a text. */
const functions = {
  post: [
    'BountyMarket',
    'postBounty(string ipfsHash,uint256 reward,uint64 deadline,(uint32 workPeriod,uint8 stakePercent,address evaluator,address claimant))',
  ],
  stake: ['AgentStaking', 'stakeFor(uint256 agentId,address owner,uint256 amount)'],
  unstake: ['AgentStaking', 'unstake(uint256 agentId,uint256 amount)'],
  register: ['AgentRegistry', 'register(string agentURI)'],
  claim: ['BountyMarket', 'claimBounty(uint256 bountyId,uint256 agentId)'],
  start: ['BountyMarket', 'startWork(uint256 bountyId)'],
  submit: ['BountyMarket', 'submitWork(uint256 bountyId,string deliverableHash)'],
  abandon: ['BountyMarket', 'abandonClaim(uint256 bountyId)'],
  approve: ['BountyMarket', 'approveWork(uint256 bountyId,uint8 revision)'],
  revise: ['BountyMarket', 'requestRevision(uint256 bountyId,string feedbackHash)'],
  reject: ['BountyMarket', 'rejectWork(uint256 bountyId)'],
  close: ['BountyMarket', 'closeBounty(uint256 bountyId)'],
  'name-claimant': ['BountyMarket', 'nameClaimant(uint256 bountyId,address claimant)'],
}

function callOf(contract, declaration, values) {
  const selector = hashOf(utf8(declaration.replaceAll(/ \w+/g, ''))).slice(0, 8)
  const parameters = [...declaration.matchAll(/(\w+) (\w+)/g)]
  const heads = parameters.map(([, type, name]) =>
    word(type === 'string' ? parameters.length * WORD_BYTES : values[name]),
  )
  const tails = parameters.map(([, type, name]) => (type === 'string' ? textTail(values[name]) : ''))
  return { to: market.contracts[contract], data: `0x${selector}${heads.join('')}${tails.join('')}`, value: '0x0' }
}

/** @param got the calls that the API answers. @returns the same, built here. @throws if they differ. */
export function callsOf(action, known, got) {
  const call = callOf(...functions[action], known)
  const isPaid = action === 'post' || action === 'stake'
  const approval = () =>
    callOf('USDC', 'approve(address spender,uint256 amount)', { spender: call.to, amount: paidFor(action, known) })
  const own = isPaid ? [approval(), call] : [call]
  const form = (calls) => JSON.stringify(calls.map(({ to, data, value }) => [to, data, value])).toLowerCase()
  if (form(own) === form(got)) return own
  throw new Error(
    'The API answers another list of calls than this page builds of what you ask for. Nothing was copied. Load the page again. ' +
      'If this repeats, do not use this server.',
  )
}
