import { encodeAbiParameters, type Hex, keccak256, stringToHex } from 'viem'
import type { components } from './api.ts'
import type { AnyId } from './reads.ts'
import { assertAsked, integerOf, type TypedData } from './typedData.ts'

type Message = { typedData: components['schemas']['TypedData'] }

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
  claimant: string
  salt: Hex
}
type AskedRegister = { action: 'register'; owner: string; agentURI: string; salt: Hex }
type AskedStake = { action: 'stake'; agentId: string; from: string; owner: string; amount: bigint; salt: Hex }
/** Without a nonce, the client signs that of the API. */
type AskedUnstake = { action: 'unstake'; agentId: string; signer: string; amount: bigint; nonce: AnyId | undefined }
export type AskedOfAccount = AskedPost | AskedRegister | AskedStake | AskedUnstake

/** What to sign, and the body without the signature. */
export type ToSign = { typedData: TypedData; body: Record<string, string> }

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
function nonceOf(asked: AskedPost | AskedStake, validBefore: bigint): Hex {
  const values =
    asked.action === 'stake'
      ? stakeValues(asked)
      : [
          { type: 'address', value: asked.poster },
          { type: 'string', value: asked.ipfsHash },
          { type: 'uint256', value: asked.reward },
          { type: 'uint64', value: asked.deadline },
          // A tuple of static members is encoded as its members are.
          { type: 'uint32', value: asked.workPeriod },
          { type: 'uint8', value: asked.stakePercent },
          { type: 'address', value: asked.evaluator },
          { type: 'address', value: asked.claimant },
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

const stakeValues = ({ from, agentId, owner, amount }: AskedStake) => [
  { type: 'address', value: from },
  { type: 'uint256', value: BigInt(agentId) },
  { type: 'address', value: owner },
  { type: 'uint256', value: amount },
]

const asText = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).map(([member, value]) => [member, String(value)]))

/**
 * What to sign for the action, and what to send. Contracts, terms, owner, amounts and salt come from the caller, and the nonce
 * of a payment is computed from them. From the API come the end of the validity, name and version of USDC's domain, and the
 * nonce of a withdrawal that the caller has not named: with wrong ones, the contracts refuse the signature.
 * @throws UnexpectedMessageError if the API's message differs, or is valid for more than an hour.
 */
export function accountToSign({ typedData: got }: Message, asked: AskedOfAccount, contracts: TrustedContracts): ToSign {
  function checked(
    domain: { name: string; version: string },
    contract: string,
    types: TypedData['types'],
    message: TypedData['message'],
  ): TypedData {
    const { chainId } = contracts
    const primaryType = Object.keys(types).join()
    const own = { domain: { ...domain, chainId, verifyingContract: contract as Hex }, types, primaryType, message }
    assertAsked(own, got)
    return own
  }

  switch (asked.action) {
    case 'register': {
      const { owner, agentURI, salt } = asked
      const members = { owner, agentURI, salt, deadline: integerOf(got, 'deadline') }
      const domain = { name: 'Runline', version: '1' }
      return { typedData: checked(domain, contracts.agentRegistry, registration, members), body: asText(members) }
    }
    case 'unstake': {
      const { agentId, signer, amount } = asked
      const nonce = asked.nonce === undefined ? integerOf(got, 'nonce') : BigInt(asked.nonce)
      const body = { signer, amount, nonce, deadline: integerOf(got, 'deadline') }
      const domain = { name: 'AgentStaking', version: '1' }
      const signed = checked(domain, contracts.agentStaking, withdrawal, { agentId: BigInt(agentId), ...body })
      return { typedData: signed, body: asText(body) }
    }
    case 'post':
    case 'stake': {
      const { signedFunding } = contracts
      if (!signedFunding) throw new Error(`The action ${asked.action} needs the option contracts.signedFunding.`)
      const validBefore = integerOf(got, 'validBefore')
      const isPost = asked.action === 'post'
      const members = {
        from: isPost ? asked.poster : asked.from,
        to: signedFunding,
        value: isPost ? asked.reward + asked.reward / REWARD_PER_FEE : asked.amount,
        validAfter: VALID_AFTER,
        validBefore,
        nonce: nonceOf(asked, validBefore),
      }
      const { name, version } = got.domain
      const signed = checked({ name, version }, contracts.usdc, payment, members)
      const { action: _, ...terms } = asked
      if (asked.action === 'post') return { typedData: signed, body: asText({ ...terms, validBefore }) }
      const { from, owner, amount, salt } = asked
      return { typedData: signed, body: asText({ from, owner, amount, salt, validBefore }) }
    }
  }
}
