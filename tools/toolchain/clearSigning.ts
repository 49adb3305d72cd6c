import { type AbiFunction, type AbiParameter, zeroAddress, zeroHash } from 'viem'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { type Deployment, marketOf } from '../../core/deployment.ts'
import {
  accountActionNames,
  accountActions,
  accountTypedData,
  readAccountMessage,
} from '../../core/market/accountActions.ts'
import { claimTypedData } from '../../core/market/claimMessage.ts'
import { runActionNames, runTypedData } from '../../core/market/runActions.ts'

/** How a wallet shows a member. `visible`: where it does not always. */
type Field = { label: string; format: string; params?: object; visible?: 'never' | 'optional' | object }

type Format = { intent: string; interpolatedIntent: string; fields: (Field & { path: string })[] }

/** An ERC-7730 descriptor of version 2, of what is signed for one contract on one chain. */
export type Descriptor = {
  $schema: string
  context: { $id: string } & Record<string, unknown>
  metadata: { owner: string; contractName: string }
  display: { formats: Record<string, Format> }
}

const SCHEMA = 'https://github.com/LedgerHQ/clear-signing-erc7730-registry/blob/master/specs/erc7730-v2.schema.json'

/**
 * What a signature or a transaction does, and the same with values of its members: by the primary type of the message, which is
 * the function's name where the market has both.
 */
const intents: Record<string, readonly [string, string]> = {
  Claim: ['Claim a run', 'Claim run {bountyId} for agent {agentId}, with {stake} at risk'],
  claimBounty: ['Claim a run', 'Claim run {bountyId} for agent {agentId}'],
  postBounty: ['Post a run', 'Post a run of {reward}'],
  createBounty: ['Draft a run', 'Draft a run of {reward}'],
  fundBounty: ['Fund a run', 'Put the reward and the fee of run {bountyId} into escrow'],
  startWork: ['Start work', 'Start the work of run {bountyId}'],
  submitWork: ['Deliver work', 'Deliver the work of run {bountyId}'],
  abandonClaim: ['Abandon a claim', 'Abandon the claim of run {bountyId}'],
  approveWork: ['Approve work', 'Approve the work of run {bountyId}, which pays its agent'],
  requestRevision: ['Request a revision', 'Request a revision of the work of run {bountyId}'],
  rejectWork: ['Reject work', 'Reject the work of run {bountyId}'],
  closeBounty: ['Close a run', 'Close run {bountyId}'],
  nameClaimant: ['Reserve a run', 'Reserve run {bountyId} for {claimant}'],
  register: ['Register an agent', 'Register an agent for {owner}'],
  stake: ['Stake', 'Put {amount} at stake for agent {agentId}'],
  unstake: ['Unstake', 'Take {amount} out of the stake of agent {agentId}'],
  // USDC's message names what the money is for by a hash only.
  receiveWithAuthorization: ['Pay for a run or a stake', 'Pay {value} for a run or a stake'],
}

const hidden = (label: string): Field => ({ label, format: 'raw', visible: 'never' })
const plain = (label: string): Field => ({ label, format: 'raw' })
const account = (label: string): Field => ({ label, format: 'addressName', params: { types: ['eoa', 'wallet'] } })
const time = (label: string): Field => ({ label, format: 'date', params: { encoding: 'timestamp' } })

/** How a wallet shows each member of messages and calls. Members that stand for a default are shown if they differ from it. */
function membersOf({ contracts }: Deployment): Record<string, Field> {
  const usdc = (label: string): Field => ({ label, format: 'tokenAmount', params: { token: contracts.USDC } })
  return {
    bountyId: plain('Run'),
    agentId: plain('Agent'),
    wallet: account('Wallet of the agent'),
    signer: account('Signed by'),
    poster: account('Poster'),
    owner: account('Owner'),
    from: account('Paid by'),
    // Any other payment with USDC's message is not ours: a wallet then does not use the descriptor.
    to: { ...account('Paid to'), visible: { mustBe: [contracts.SignedFunding] } },
    round: { ...plain('Claim of the run'), visible: 'optional' },
    revision: { ...plain('Revision'), visible: 'optional' },
    naming: hidden('Number of the naming'),
    ipfsHash: plain('Brief'),
    deliverableHash: plain('Delivery'),
    feedbackHash: plain('Feedback'),
    agentURI: plain('Description'),
    reward: usdc('Reward'),
    stake: usdc('At risk'),
    amount: usdc('Amount'),
    value: usdc('Amount'),
    workPeriod: { label: 'Time to deliver', format: 'duration', visible: { ifNotIn: [0] } },
    stakePercent: {
      label: 'Stake, of the reward',
      format: 'unit',
      params: { base: '%' },
      visible: { ifNotIn: [0] },
    },
    evaluator: { ...account('Evaluator'), visible: { ifNotIn: [zeroAddress] } },
    claimant: { ...account('Only for'), visible: { ifNotIn: [zeroAddress] } },
    deadline: time('Signature valid until'),
    validAfter: hidden('Valid after'),
    validBefore: time('Signature valid before'),
    nonce: hidden('Nonce'),
    salt: hidden('Salt'),
  }
}

/** @throws if no member has this name: each that is signed must be described. */
function fieldOf(members: Record<string, Field>, path: string): Field & { path: string } {
  const field = members[path.split('.').at(-1) ?? '']
  if (!field) throw new Error(`The member ${path} has no label. Add it to \`membersOf\`.`)
  return { path, ...field }
}

/** @throws if it has no intent. */
function formatOf(name: string, fields: Format['fields']): Format {
  const [intent, interpolatedIntent] = intents[name] ?? intents[`${name[0]?.toLowerCase()}${name.slice(1)}`] ?? []
  if (!intent || !interpolatedIntent) throw new Error(`${name} has no sentence. Add one to \`intents\`.`)
  return { intent, interpolatedIntent, fields }
}

type TypedData = Pick<ReturnType<typeof runTypedData>, 'primaryType'> & {
  types: Record<string, readonly { name: string; type: string }[]>
  domain: { verifyingContract: string }
}

/** The typed data of each kind of message, made by what makes those that are signed. */
function messagesOf(deployment: Deployment): TypedData[] {
  const market = marketOf(deployment)
  const party = zeroAddress
  const claim = { bountyId: 0n, agentId: 0n, wallet: party, round: 0n, reward: 0n, stake: 0n, workPeriod: 0n }
  const run = { bountyId: 0n, party, round: 0n, revision: 0n, text: '', deadline: 0n }
  const contracts = { ...deployment, usdcDomain: { name: '', version: '' } }
  const empty = { address: zeroAddress, bytes32: zeroHash, string: '' }
  return [
    claimTypedData(market, { ...claim, evaluator: party }, 0n),
    ...runActionNames.map((action) => runTypedData(market, { action, ...run })),
    ...accountActionNames.map((action) => {
      const members = Object.entries(accountActions[action]).map(([name, type]) => [
        name,
        empty[type as keyof typeof empty] ?? '0',
      ])
      return accountTypedData(contracts, readAccountMessage(action, Object.fromEntries(members)))
    }),
  ] as TypedData[]
}

/** A parameter with its name, as a function's full signature has it. */
const signatureOf = ({ type, name, ...more }: AbiParameter): string => {
  const components = 'components' in more ? `(${more.components.map(signatureOf).join(',')})` : ''
  return `${type}${components} ${name}`
}

const pathsOf = (parameters: readonly AbiParameter[], within = ''): string[] =>
  parameters.flatMap(({ name, ...more }) =>
    'components' in more ? pathsOf(more.components, `${name}.`) : [`${within}${name}`],
  )

/**
 * The descriptors of a deployment, by the names of their files, from which a wallet shows what is signed in words. Each kind of
 * message is described, and the transactions that a party sends itself.
 */
export function descriptorsOf(deployment: Deployment): Record<string, Descriptor> {
  const { chainId, contracts } = deployment
  const members = membersOf(deployment)
  const descriptors: Record<string, Descriptor> = {}
  const describe = (
    kind: 'eip712' | 'calldata',
    contractName: string,
    address: string,
    key: string,
    format: Format,
  ) => {
    const name = `${kind}-${contractName}-${chainId}`
    const context = { deployments: [{ chainId, address }] }
    descriptors[`${name}.json`] ??= {
      $schema: SCHEMA,
      context: { $id: `Runline ${name}`, ...(kind === 'eip712' ? { eip712: context } : { contract: context }) },
      metadata: { owner: 'Runline', contractName },
      display: { formats: {} },
    }
    Object.assign(descriptors[`${name}.json`]?.display.formats ?? {}, { [key]: format })
  }
  for (const { types, primaryType, domain } of messagesOf(deployment)) {
    const own = types[primaryType] ?? []
    const [contract = ''] = Object.entries(contracts).find(([, address]) => address === domain.verifyingContract) ?? []
    const fields = own.map(({ name }) => fieldOf(members, name))
    const key = `${primaryType}(${own.map(({ type, name }) => `${type} ${name}`).join(',')})`
    describe('eip712', contract, domain.verifyingContract, key, formatOf(primaryType, fields))
  }
  // A transaction has no validity of its own: its deadline is the run's.
  const calls = { ...members, deadline: time('To be claimed until') }
  const abis = { BountyMarket: bountyMarketAbi, AgentStaking: agentStakingAbi } as const
  for (const [contract, abi] of Object.entries(abis)) {
    const functions = abi.filter((item): item is Extract<typeof item, AbiFunction> => item.type === 'function')
    for (const { name, inputs } of functions) {
      if (!(name in intents)) continue
      const fields = pathsOf(inputs).map((path) => fieldOf(calls, path))
      const key = `${name}(${inputs.map(signatureOf).join(',')})`
      describe('calldata', contract, contracts[contract as keyof typeof abis], key, formatOf(name, fields))
    }
  }
  return descriptors
}
