/** What an account signs for each action, as EIP-712 writes types: the contracts hash these texts. */
const encoded = {
  claim:
    'Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 reward,uint256 stake,uint256 workPeriod,address evaluator,uint256 deadline)',
  start: 'StartWork(uint256 bountyId,address wallet,uint256 round,uint256 deadline)',
  submit:
    'SubmitWork(uint256 bountyId,address wallet,uint256 round,uint256 revision,string deliverableHash,uint256 deadline)',
  abandon: 'AbandonClaim(uint256 bountyId,address wallet,uint256 round,uint256 revision,uint256 deadline)',
  approve: 'ApproveWork(uint256 bountyId,address signer,uint256 round,uint256 revision,uint256 deadline)',
  revise:
    'RequestRevision(uint256 bountyId,address signer,uint256 round,uint256 revision,string feedbackHash,uint256 deadline)',
  reject: 'RejectWork(uint256 bountyId,address signer,uint256 round,uint256 revision,uint256 deadline)',
  close: 'CloseBounty(uint256 bountyId,address poster,uint256 deadline)',
  'name-claimant': 'NameClaimant(uint256 bountyId,address poster,uint256 naming,address claimant,uint256 deadline)',
  // Of this API: no contract takes applications.
  apply: 'Apply(uint256 runId,uint256 agentId,address wallet,string note,uint256 deadline)',
  withdraw: 'WithdrawApplication(uint256 runId,uint256 agentId,address wallet,uint256 deadline)',
  register: 'Register(address owner,string agentURI,bytes32 salt,uint256 deadline)',
  unstake: 'Unstake(uint256 agentId,address signer,uint256 amount,uint256 nonce,uint256 deadline)',
  // USDC's authorization (EIP-3009). Its nonce is the hash of what the money is for.
  post: 'ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
  stake:
    'ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)',
}

export type MessageName = keyof typeof encoded

/** `members`: in the order in which the contract hashes them. */
export type MessageType = { encoded: string; primaryType: string; members: { name: string; type: string }[] }

function parsed(text: string): MessageType {
  const [primaryType = '', list = ''] = text.slice(0, -1).split('(')
  const members = list.split(',').map((member) => {
    const [type = '', name = ''] = member.split(' ')
    return { name, type }
  })
  return { encoded: text, primaryType, members }
}

/** The type of the message of each action. The API, the board and the client sign by this table. */
export const messageTypes = Object.fromEntries(
  Object.entries(encoded).map(([action, text]) => [action, parsed(text)]),
) as Record<MessageName, MessageType>

/** The members of the domain of every message that a wallet signs for the market. */
export const domainType = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const
