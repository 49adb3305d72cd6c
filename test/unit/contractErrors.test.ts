import { encodeAbiParameters, encodeErrorResult, type Hex, pad, toFunctionSelector } from 'viem'
import { formatAbiItem } from 'viem/utils'
import { describe, expect, it } from 'vitest'
import { contractsAbi, decodeClaimError, explainClaimError, stateName } from '../../core/market/contractErrors.ts'
import { problemTypes } from '../../src/api/http/errors.ts'

const errors = contractsAbi.filter((item) => item.type === 'error')

/** Errors that no claim raises. A new error of the contracts belongs here or in the table. */
const notOfClaims = [
  'DeadlineOutOfRange',
  'InvalidState',
  'InvalidStringLength',
  'NoClaimantNamed',
  'NoRevisionsLeft',
  'NotClaimingWallet',
  'NotPoster',
  'NotSelf',
  'BountyIsClosing',
  'InvalidTreasury',
  'InvalidStakingOwner',
  'WrongNaming',
  'WrongRevision',
  'NothingOwed',
  'RelayersNotAllowed',
  'ReviewPeriodNotOver',
  'ReviewPeriodOver',
  'RevisionsLeft',
  'RewardOutOfRange',
  'SubmissionNotOverdue',
  'SubmissionOverdue',
  'ZeroAddress',
  'SafeERC20FailedOperation',
  'BountyDeadlineNotPassed',
  'InvalidWorkPeriod',
  'StakePercentOutOfRange',
  'NotEvaluator',
  'NotPosterOrEvaluator',
  'InvalidShortString',
  'StringTooLong',
  'AgentIsNotBanned',
  'AmountExceedsStake',
  'NotAgentWalletOrOwner',
  'NotMarket',
  'NotAgentOwner',
  'WrongNonce',
  'InvalidUnstakeSignature',
  'StakeIsLocked',
  'StakeTooLarge',
  'ZeroAmount',
  'OwnableInvalidOwner',
  'OwnableUnauthorizedAccount',
  // Amounts that a claim locks are at most a reward.
  'SafeCastOverflowedUintDowncast',
  'InvalidWalletSignature',
  'NotAgentOwnerOrApproved',
  'ReservedMetadataKey',
  'WalletSignatureExpired',
  'WalletSignatureTooLong',
  'ZeroAgentWallet',
  // The market treats a failed call to the registry as "no such agent".
  'ERC721IncorrectOwner',
  'ERC721InsufficientApproval',
  'ERC721InvalidApprover',
  'ERC721InvalidOperator',
  'ERC721InvalidOwner',
  'ERC721InvalidReceiver',
  'ERC721InvalidSender',
  'ERC721NonexistentToken',
]

const wallet = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const other = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'

/** Every error of a claim: arguments, code, and the arguments that the sentence must show. */
const table = [
  ['NotRelayer', [wallet], 'SIGNATURE_REQUIRED', [wallet]],
  ['BountyNotFound', [7n], 'RUN_NOT_FOUND', ['7']],
  ['BountyNotOpen', [7n, 3], 'RUN_NOT_OPEN', ['7', 'CLAIMED']],
  ['BountyDeadlinePassed', [7n, 1_705_320_000n, 1_705_320_001n], 'RUN_DEADLINE_PASSED', ['2024-01-15T12:00:00.000Z']],
  ['SignatureExpired', [1_705_320_000n, 1_705_320_001n], 'SIGNATURE_EXPIRED', ['2024-01-15T12:00:00.000Z']],
  ['SignatureTooLong', [2n ** 256n - 1n, 1_705_323_600n], 'SIGNATURE_EXPIRED', ['1705323600']],
  ['InvalidSignature', [7n, wallet, 2n], 'INVALID_SIGNATURE', ['7', wallet, 'round 2']],
  ['NotClaimant', [7n, wallet, other], 'NOT_CLAIMANT', ['7', wallet, other]],
  ['AgentNotFound', [9n], 'AGENT_NOT_FOUND', ['9']],
  ['NotAgentWallet', [9n, wallet, other], 'WALLET_MISMATCH', ['9', wallet, other]],
  ['AgentIsBanned', [9n], 'AGENT_BANNED', ['9']],
  ['AgentIsFrozen', [9n], 'AGENT_FROZEN', ['9']],
  ['InsufficientStake', [9n, 19_999_999n, 20_000_000n], 'INSUFFICIENT_STAKE', ['19.999999 USDC', '20 USDC']],
  ['InsufficientUnlockedStake', [9n, 0n, 500_000n], 'INSUFFICIENT_UNLOCKED_STAKE', ['0 USDC', '0.5 USDC']],
] as const

const samples: Record<string, unknown> = {
  uint256: 1n,
  uint8: 1,
  address: wallet,
  bytes32: pad('0x01'),
  string: 'text',
}

const encode = (errorName: string, args: readonly unknown[]) =>
  encodeErrorResult({ abi: contractsAbi, errorName, args } as Parameters<typeof encodeErrorResult>[0])

describe('the error table', () => {
  it('has every error of the ABIs except those that no claim raises', () => {
    const names = new Set(errors.map(({ name }) => name))
    expect(new Set([...table.map(([name]) => name), ...notOfClaims])).toEqual(names)
  })

  it('has errors with distinct selectors across all contracts', () => {
    const signatures = new Set(errors.map((error) => formatAbiItem(error)))
    expect(new Set([...signatures].map((signature) => toFunctionSelector(signature))).size).toBe(signatures.size)
  })

  it.each(table)('explains %s', (errorName, args, code, shown) => {
    const error = decodeClaimError(encode(errorName, args))
    expect(error).toEqual({ errorName, args })
    if (!error) throw new Error('not decoded')
    const explanation = explainClaimError(error)
    expect(explanation.code).toBe(code)
    for (const detail of shown) expect(explanation.sentence).toContain(detail)
    expect(JSON.parse(JSON.stringify(explanation.extensions))).toEqual(explanation.extensions)
  })

  it('gives each code its documented status', () => {
    const statuses = Object.fromEntries(table.map(([name, , code]) => [name, problemTypes[code].status]))
    expect(statuses).toMatchObject({
      BountyNotOpen: 400,
      BountyDeadlinePassed: 400,
      InvalidSignature: 401,
      NotClaimant: 403,
      AgentIsFrozen: 403,
      AgentIsBanned: 403,
      InsufficientStake: 403,
      BountyNotFound: 404,
      AgentNotFound: 404,
    })
  })

  it.each(errors.filter(({ name }) => notOfClaims.includes(name)))(
    'does not decode $name, which no claim raises',
    ({ name, inputs }) => {
      const args = inputs.map(({ type }) => samples[type])
      expect(args).not.toContain(undefined)
      expect(decodeClaimError(encode(name, args))).toBeUndefined()
    },
  )

  it.each<[string, Hex]>([
    ['no data', '0x'],
    ['half a selector', '0x1234'],
    ['an unknown selector', '0xdeadbeef'],
    ['a known selector without its arguments', encode('BountyNotFound', [7n]).slice(0, 20) as Hex],
    ['a message', `0x08c379a0${encodeAbiParameters([{ type: 'string' }], ['no']).slice(2)}`],
    ['a panic', `0x4e487b71${pad('0x11').slice(2)}`],
  ])('does not decode %s', (_, data) => {
    expect(decodeClaimError(data)).toBeUndefined()
  })

  it('names the holder of a run that is not open', () => {
    const error = { errorName: 'BountyNotOpen', args: [7n, 5] } as const
    expect(explainClaimError(error, { agentId: 2n ** 60n, wallet })).toEqual({
      code: 'RUN_NOT_OPEN',
      sentence: `Run 7 is SUBMITTED: agent ${2n ** 60n} (${wallet}) claimed it.`,
      extensions: { state: 'SUBMITTED', claimedBy: (2n ** 60n).toString(), holder: wallet },
    })
    expect(explainClaimError(error).extensions).toEqual({ state: 'SUBMITTED', claimedBy: null, holder: null })
  })

  it('names the states in the order of the contract’s enum', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(stateName)).toEqual([
      ...[undefined, 'DRAFT', 'OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED'],
      'APPROVED',
      'REVISION_REQUESTED',
      'REJECTED',
      undefined,
    ])
  })
})
