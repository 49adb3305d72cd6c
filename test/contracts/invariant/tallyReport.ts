// Sums up what the runs of a campaign did, and lists what never happened of all that can.
import {
  type Abi,
  decodeAbiParameters,
  type Hex,
  hexToNumber,
  hexToString,
  slice,
  toEventSelector,
  toFunctionSelector,
} from 'viem'
import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../../abis/MockUSDC.ts'
import { signedFundingAbi } from '../../../abis/SignedFunding.ts'

const core: Abi = [...bountyMarketAbi, ...agentStakingAbi]
const around: Abi = [...agentRegistryAbi, ...mockUsdcAbi]

/** The functions of registry and token that the campaign calls. */
const CALLED_AROUND = ['transferFrom', 'setAgentWallet', 'unsetAgentWallet', 'transfer']

/** The functions of SignedFunding have the names of those that they call. */
const SIGNED = ['postBounty by SignedFunding', 'stake by SignedFunding']

/** Calls that must fail for every account: the campaign must have tried each, and each must have been refused. */
const NEVER_SUCCEEDS = ['claimInBatch', 'lock', 'release', 'forfeit', 'slash', 'burnDeferred']

/** Raised by constructors only, or only with a token or clock other than USDC's and Ethereum's. */
const UNREACHABLE_ERRORS = [
  'ZeroAddress',
  'InvalidTreasury',
  'InvalidStakingOwner',
  'RelayersNotAllowed',
  'OwnableInvalidOwner',
  'InvalidShortString',
  'StringTooLong',
  'SafeERC20FailedOperation',
  'SafeCastOverflowedUintDowncast',
]

/** Emitted by constructors only, or never. */
const UNREACHABLE_EVENTS = ['EIP712DomainChanged']

const SUCCESS: Hex = '0x00000000'

const STATES = 'NONE DRAFT OPEN CLAIMED IN_PROGRESS SUBMITTED APPROVED REVISION_REQUESTED REJECTED'.split(' ')

const counts = [
  {
    type: 'tuple[]',
    components: [
      { type: 'bytes32', name: 'key' },
      { type: 'uint256', name: 'times' },
    ],
  },
] as const

const isAction = (item: Abi[number]) => item.type === 'function' && !['view', 'pure'].includes(item.stateMutability)

const calls = new Map<Hex, string>()
const errors = new Map<Hex, string>([
  ['0x08c379a0', 'Error(string), which is USDC paused or an account blacklisted'],
  ['0xffffffff', 'nothing, which is out of gas'],
  [toFunctionSelector('RegistryIsHostile()'), 'RegistryIsHostile'],
])
const events = new Map<Hex, string>()
for (const item of [...core, ...around]) {
  if (item.type === 'function') calls.set(toFunctionSelector(item), item.name)
  if (item.type === 'error')
    errors.set(toFunctionSelector(`${item.name}(${item.inputs.map(({ type }) => type)})`), item.name)
  if (item.type === 'event') events.set(slice(toEventSelector(item), 0, 4), item.name)
}

for (const item of signedFundingAbi) {
  if (item.type === 'function') calls.set(toFunctionSelector(item), `${item.name} by SignedFunding`)
}

/** @param lines One per run: the ABI encoding of `Tally.counts()`. */
export async function tallyReport(lines: AsyncIterable<string>) {
  const times = new Map(expected().map((what) => [what, 0n]))
  for await (const line of lines) {
    const [run] = decodeAbiParameters(counts, line as Hex)
    for (const { key, times: more } of run) {
      for (const what of describe(key)) times.set(what, (times.get(what) ?? 0n) + more)
    }
  }
  const rows = [...times].sort(([a], [b]) => a.localeCompare(b))
  return {
    table: rows.map(([what, count]) => `${String(count).padStart(10)}  ${what}`).join('\n'),
    missing: rows.filter(([, count]) => count === 0n).map(([what]) => what),
  }
}

/** What can happen by the ABIs. The campaign declares everything else itself, with a count of zero. */
function expected(): string[] {
  const actions = core.filter(isAction).flatMap((item) => ('name' in item ? [item.name] : []))
  const raised = core.flatMap((item) => (item.type === 'error' ? [item.name] : []))
  const emitted = core.flatMap((item) => (item.type === 'event' ? [item.name] : []))
  return [
    ...actions.filter((name) => !NEVER_SUCCEEDS.includes(name)).map((name) => `done ${name}`),
    ...[...CALLED_AROUND, ...SIGNED].map((name) => `done ${name}`),
    ...raised.filter((name) => !UNREACHABLE_ERRORS.includes(name)).map((name) => `error ${name}`),
    ...emitted.filter((name) => !UNREACHABLE_EVENTS.includes(name)).map((name) => `event ${name}`),
  ]
}

/** The inverse of the keys that `Tally.sol` and `Transitions.sol` build. */
function describe(key: Hex): string[] {
  const kind = hexToString(slice(key, 0, 1))
  if (kind === 'E') return [`event ${nameOf(events, slice(key, 1, 5))}`]
  if (kind === 'C') {
    const call = nameOf(calls, slice(key, 1, 5))
    const outcome = slice(key, 5, 9)
    if (outcome === SUCCESS) return [`done ${call}`]
    return [`error ${nameOf(errors, outcome)}`, `refused ${call}: ${nameOf(errors, outcome)}`]
  }
  if (kind === 'T') {
    const from = hexToNumber(slice(key, 5, 6))
    const to = hexToNumber(slice(key, 6, 7))
    return [`moved ${STATES[from]} → ${STATES[to]} by ${nameOf(calls, slice(key, 1, 5))}`]
  }
  return [hexToString(key, { size: 32 })]
}

function nameOf(names: Map<Hex, string>, selector: Hex): string {
  const name = names.get(selector)
  if (name === undefined) throw new Error(`the tally has selector ${selector}, which no ABI has`)
  return name
}
