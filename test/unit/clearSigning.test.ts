import { decodeFunctionData, encodeFunctionData, formatUnits, type Hex, zeroAddress } from 'viem'
import { expect, it } from 'vitest'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { accountActionNames } from '../../core/market/accountActions.ts'
import { runActionNames } from '../../core/market/runActions.ts'
import { type Descriptor, descriptorsOf } from '../../tools/toolchain/clearSigning.ts'
import { honestMessage, readAgent, signer, stranger, trusted } from '../support/hostileMessages.ts'

const descriptors = descriptorsOf({ ...trusted, startBlock: 0, maxReward: '1' })

type Values = Record<string, unknown>
type Field = Descriptor['display']['formats'][string]['fields'][number]

const valueAt = (values: Values, path: string) =>
  path.split('.').reduce<unknown>((value, name) => (value as Values)[name], values)

/** A value as ERC-7730 asks a wallet to show it. */
function shown({ format, params }: Field, value: unknown): string {
  const { token, base } = (params ?? {}) as Record<string, string>
  if (format === 'tokenAmount')
    return `${formatUnits(BigInt(String(value)), 6)} ${token === trusted.contracts.USDC ? 'USDC' : '?'}`
  if (format === 'date') return new Date(Number(value) * 1_000).toISOString().slice(0, 16)
  if (format === 'duration') return `${Number(value) / 3_600}:00:00`
  if (format === 'unit') return `${value}${base}`
  if (format === 'addressName') return value === signer.address ? 'Me' : String(value)
  return String(value)
}

/** What a wallet shows, in lines; undefined if the descriptor is not for these values. */
function render(key: string, kind: string, address: string, values: Values): string[] | undefined {
  const found = Object.entries(descriptors).find(([file, { context }]) => {
    return file.startsWith(kind) && JSON.stringify(context).includes(`{"chainId":31337,"address":"${address}"}`)
  })
  const format = found?.[1].display.formats[key]
  if (!format) return undefined
  const lines: string[] = []
  for (const field of format.fields) {
    const value = valueAt(values, field.path)
    const { ifNotIn, mustBe } = typeof field.visible === 'object' ? (field.visible as Record<string, unknown[]>) : {}
    if (mustBe && !mustBe.includes(value)) return undefined
    const isHidden =
      field.visible === 'never' ||
      field.visible === 'optional' ||
      mustBe ||
      ifNotIn?.some((other) => String(other) === String(value))
    if (!isHidden) lines.push(`${field.label}: ${shown(field, value)}`)
  }
  const sentence = format.interpolatedIntent.replace(/\{(.+?)\}/g, (_, path) => {
    const field = format.fields.find((other) => other.path === path)
    if (!field) throw new Error(`${format.interpolatedIntent}: ${path} is not a member of ${key}`)
    return shown(field, valueAt(values, path))
  })
  return [sentence, ...lines]
}

const url = (path: string) => new URL(`http://localhost/api/messages/${path}`)
const terms = `ipfsHash=ipfs://Task&reward=100000000&deadline=1900000000&claimant=${zeroAddress}&salt=0x${'1'.repeat(64)}`

const queries: Record<string, string> = {
  post: `post?poster=${signer.address}&${terms}`,
  register: `register?agentURI=ipfs://Agent&salt=0x${'1'.repeat(64)}`,
  stake: `stake?agentId=3&from=${signer.address}&amount=20000000&salt=0x${'1'.repeat(64)}`,
  unstake: `unstake?agentId=${readAgent.id}&signer=${signer.address}&amount=20000000`,
  submit: 'submit?deliverableHash=ipfs://Work',
  revise: 'revise?feedbackHash=ipfs://Feedback',
}

/** Without the times, which follow the clock. */
function renderMessage(action: string, change: Values = {}) {
  const { types, primaryType, domain, message } = honestMessage(url(queries[action] ?? action))
  const key = `${primaryType}(${(types[primaryType] ?? []).map(({ type, name }) => `${type} ${name}`).join(',')})`
  const lines = render(key, 'eip712', String(domain.verifyingContract), { ...message, ...change })
  return lines?.map((line) => line.replace(/(valid (?:until|before)): \d{4}-.*/, '$1 …'))
}

const until = 'Signature valid until …'

it.each([
  [
    'claim-message',
    [
      'Claim run 7 for agent 3, with 10 USDC at risk',
      'Run: 7',
      'Agent: 3',
      'Wallet of the agent: Me',
      'Reward: 100 USDC',
      'At risk: 10 USDC',
      'Time to deliver: 168:00:00',
      until,
    ],
  ],
  ['start', ['Start the work of run 7', 'Run: 7', 'Wallet of the agent: Me', until]],
  ['submit', ['Deliver the work of run 7', 'Run: 7', 'Wallet of the agent: Me', 'Delivery: ipfs://Work', until]],
  ['abandon', ['Abandon the claim of run 7', 'Run: 7', 'Wallet of the agent: Me', until]],
  ['approve', ['Approve the work of run 7, which pays its agent', 'Run: 7', 'Signed by: Me', until]],
  [
    'revise',
    ['Request a revision of the work of run 7', 'Run: 7', 'Signed by: Me', 'Feedback: ipfs://Feedback', until],
  ],
  ['reject', ['Reject the work of run 7', 'Run: 7', 'Signed by: Me', until]],
  ['close', ['Close run 7', 'Run: 7', 'Poster: Me', until]],
  ['post', ['Pay 105 USDC for a run or a stake', 'Paid by: Me', 'Amount: 105 USDC', 'Signature valid before …']],
  ['stake', ['Pay 20 USDC for a run or a stake', 'Paid by: Me', 'Amount: 20 USDC', 'Signature valid before …']],
  ['register', ['Register an agent for Me', 'Owner: Me', 'Description: ipfs://Agent', until]],
  ['unstake', ['Take 20 USDC out of the stake of agent 3', 'Agent: 3', 'Signed by: Me', 'Amount: 20 USDC', until]],
])('a wallet shows the message of %s in words', (action, lines) => {
  expect(renderMessage(action)).toEqual(lines)
})

it('each kind of message is described', () => {
  const actions = ['claim-message', ...runActionNames, ...accountActionNames]
  expect(actions.filter((action) => renderMessage(action) === undefined)).toEqual([])
})

it('an evaluator is shown where the run has one', () => {
  expect(renderMessage('claim-message', { evaluator: stranger })).toContain(`Evaluator: ${stranger}`)
})

it('a payment to another account is none of ours', () => {
  expect(renderMessage('post', { to: stranger })).toBeUndefined()
})

/** Of a transaction of the market. The key is written by hand: a wallet makes it from the function's selector. */
function renderCall(key: string, data: Hex) {
  const { functionName, args } = decodeFunctionData({ abi: bountyMarketAbi, data })
  const call = bountyMarketAbi.find((item) => item.type === 'function' && item.name === functionName)
  const names = call && 'inputs' in call ? call.inputs.map(({ name }) => name) : []
  const values = Object.fromEntries(names.map((name, place) => [name, (args ?? [])[place]]))
  return render(key, 'calldata', trusted.contracts.BountyMarket, values)
}

const post =
  'postBounty(string ipfsHash,uint256 reward,uint64 deadline,tuple(uint32 workPeriod,uint8 stakePercent,address evaluator,address claimant) terms)'

it.each([
  [
    { workPeriod: 0, stakePercent: 0, evaluator: zeroAddress, claimant: zeroAddress },
    ['Post a run of 100 USDC', 'Brief: ipfs://Task', 'Reward: 100 USDC', 'To be claimed until: 2030-03-17T17:46'],
  ],
  [
    { workPeriod: 7_200, stakePercent: 50, evaluator: stranger, claimant: signer.address },
    [
      'Post a run of 100 USDC',
      'Brief: ipfs://Task',
      'Reward: 100 USDC',
      'To be claimed until: 2030-03-17T17:46',
      'Time to deliver: 2:00:00',
      'Stake, of the reward: 50%',
      `Evaluator: ${stranger}`,
      'Only for: Me',
    ],
  ],
])('a wallet shows the transaction that posts a run in words: %o', (chosen, lines) => {
  const args = ['ipfs://Task', 100_000_000n, 1_900_000_000n, chosen] as const
  expect(renderCall(post, encodeFunctionData({ abi: bountyMarketAbi, functionName: 'postBounty', args }))).toEqual(
    lines,
  )
})

it('a wallet shows the transaction that claims a run in words', () => {
  const data = encodeFunctionData({ abi: bountyMarketAbi, functionName: 'claimBounty', args: [7n, 3n] })
  expect(renderCall('claimBounty(uint256 bountyId,uint256 agentId)', data)?.[0]).toBe('Claim run 7 for agent 3')
})
