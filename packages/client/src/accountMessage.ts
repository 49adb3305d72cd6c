import { encodeAbiParameters, type Hex, keccak256, stringToHex } from 'viem'
import type { ActionTypedData } from './actionMessage.ts'
import type { components } from './api.ts'
import { assertSame } from './claimMessage.ts'
import { UnexpectedMessageError } from './errors.ts'

type Message = components['schemas']['Message']

/** The contracts that the caller trusts with its USDC, its stake and its agents. */
export type TrustedContracts = {
  chainId: number
  usdc: string
  /** Takes the payments of posts and stakes, each only for what it is for. Without it, the client signs none. */
  signedFunding?: string | undefined
  agentStaking: string
  agentRegistry: string
}

/** Amounts in USDC base units; times in seconds. `salt`: 32 bytes, by which the same terms are another action. */
type AskedPost = {
  action: 'post'
  poster: string
  ipfsHash: string
  reward: bigint
  deadline: bigint
  workPeriod: number
  stakePercent: number
  evaluator: string
  salt: Hex
}
type AskedRegister = { action: 'register'; owner: string; agentURI: string; salt: Hex }
type AskedStake = { action: 'stake'; agentId: string; from: string; amount: bigint; salt: Hex }
type AskedUnstake = { action: 'unstake'; agentId: string; signer: string; amount: bigint }
export type AskedOfAccount = AskedPost | AskedRegister | AskedStake | AskedUnstake

/** What to sign, and the body without the signature. */
export type ToSign = { typedData: ActionTypedData; body: Record<string, string> }

/** How long a signature is valid at most. Seconds. */
const MAX_VALIDITY_SECONDS = 3_600

const REWARD_PER_FEE = 20n
const VALID_AFTER = 0n

const payment = {
  ReceiveWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
}
const registration = {
  Register: [
    { name: 'owner', type: 'address' },
    { name: 'agentURI', type: 'string' },
    { name: 'salt', type: 'bytes32' },
    { name: 'deadline', type: 'uint256' },
  ],
}
const withdrawal = {
  Unstake: [
    { name: 'agentId', type: 'uint256' },
    { name: 'signer', type: 'address' },
    { name: 'amount', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
}

/** As SignedFunding computes it: the hash of what the money is for. */
function nonceOf(asked: AskedPost | AskedStake, owner: string, validBefore: bigint): Hex {
  const values =
    asked.action === 'stake'
      ? stakeValues(asked, owner)
      : [
          { type: 'address', value: asked.poster },
          { type: 'string', value: asked.ipfsHash },
          { type: 'uint256', value: asked.reward },
          { type: 'uint64', value: asked.deadline },
          // A tuple of static members is encoded as its members are.
          { type: 'uint32', value: asked.workPeriod },
          { type: 'uint8', value: asked.stakePercent },
          { type: 'address', value: asked.evaluator },
        ]
  const all = [
    { type: 'bytes32', value: keccak256(stringToHex(asked.action === 'stake' ? 'stake' : 'postBounty')) },
    ...values,
    { type: 'uint256', value: VALID_AFTER },
    { type: 'uint256', value: validBefore },
    { type: 'bytes32', value: asked.salt },
  ]
  return keccak256(
    encodeAbiParameters(
      all.map(({ type }) => ({ type })),
      all.map(({ value }) => value),
    ),
  )
}

const stakeValues = ({ from, agentId, amount }: AskedStake, owner: string) => [
  { type: 'address', value: from },
  { type: 'uint256', value: BigInt(agentId) },
  { type: 'address', value: owner },
  { type: 'uint256', value: amount },
]

/**
 * What to sign for the action, and what to send. Contracts, terms, amounts and salt come from the caller, and the nonce of
 * a payment is computed from them. From the API come the end of the validity, the name of USDC's domain, the owner of a
 * stake's agent and the number of a withdrawal: with wrong ones, the contracts refuse the signature.
 * @throws UnexpectedMessageError if the API's message differs, or is valid for more than an hour.
 */
export function accountToSign(message: Message, asked: AskedOfAccount, contracts: TrustedContracts): ToSign {
  const { typedData, body } = message
  const got = typedData.message
  const text = (values: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(values).map(([member, value]) => [member, String(value)]))

  /** @param own what the caller signs. */
  function checked(
    domain: { name: string; version: string },
    verifyingContract: string,
    types: ActionTypedData['types'],
    own: Record<string, bigint | string>,
  ): ActionTypedData {
    const end = own.validBefore ?? own.deadline
    const latest = Math.floor(Date.now() / 1_000) + MAX_VALIDITY_SECONDS
    if (Number(end) > latest) throw new UnexpectedMessageError('deadline', `at most ${latest}`, end)
    assertSame('chainId', contracts.chainId, typedData.domain.chainId)
    assertSame('verifyingContract', verifyingContract, typedData.domain.verifyingContract)
    for (const [member, value] of Object.entries(own)) {
      // Letter case counts in a text.
      if (member === 'agentURI' && value !== got[member]) throw new UnexpectedMessageError(member, value, got[member])
      assertSame(member, String(value), got[member] ?? '')
    }
    return {
      domain: { ...domain, chainId: contracts.chainId, verifyingContract: verifyingContract as Hex },
      types,
      primaryType: Object.keys(types).join(),
      message: own,
    }
  }

  switch (asked.action) {
    case 'register': {
      const { owner, agentURI, salt } = asked
      const members = { owner, agentURI, salt, deadline: BigInt(got.deadline ?? 0) }
      const domain = { name: 'Runline', version: '1' }
      return { typedData: checked(domain, contracts.agentRegistry, registration, members), body: text(members) }
    }
    case 'unstake': {
      const { agentId, signer, amount } = asked
      const [nonce, deadline] = [BigInt(got.nonce ?? 0), BigInt(got.deadline ?? 0)]
      const members = { agentId: BigInt(agentId), signer, amount, nonce, deadline }
      const domain = { name: 'AgentStaking', version: '1' }
      const signed = checked(domain, contracts.agentStaking, withdrawal, members)
      return { typedData: signed, body: text({ signer, amount, nonce, deadline }) }
    }
    case 'post':
    case 'stake': {
      const { signedFunding } = contracts
      if (!signedFunding) throw new Error(`The action ${asked.action} needs the option contracts.signedFunding.`)
      const owner = String(body.owner ?? '')
      const validBefore = BigInt(got.validBefore ?? 0)
      const isPost = asked.action === 'post'
      const members = {
        from: isPost ? asked.poster : asked.from,
        to: signedFunding,
        value: isPost ? asked.reward + asked.reward / REWARD_PER_FEE : asked.amount,
        validAfter: VALID_AFTER,
        validBefore,
        nonce: nonceOf(asked, owner, validBefore),
      }
      const { name, version } = typedData.domain
      const signed = checked({ name, version }, contracts.usdc, payment, members)
      const { action: _, ...terms } = asked
      if (asked.action === 'post') return { typedData: signed, body: text({ ...terms, validBefore }) }
      const { from, amount, salt } = asked
      return { typedData: signed, body: text({ from, owner, amount, salt, validBefore }) }
    }
  }
}
