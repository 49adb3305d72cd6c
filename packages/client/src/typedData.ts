import { UnexpectedMessageError } from './errors.ts'

/** How long a signature is valid at most. The contracts have no limit for most actions. Seconds. */
const MAX_VALIDITY_SECONDS = 3_600

/**
 * EIP-712 typed data, for viem's `signTypedData`. For ethers: `wallet.signTypedData(domain, types, message)`. It has no
 * `EIP712Domain` in `types`, which ethers refuses and viem adds.
 */
export type TypedData = {
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` }
  types: Record<string, { name: string; type: string }[]>
  primaryType: string
  message: Record<string, bigint | string>
}

/** What the API asks to sign. */
export type AskedTypedData = {
  domain: Record<string, unknown>
  types: Record<string, readonly { readonly name: string; readonly type: string }[]>
  primaryType: string
  message: Record<string, string>
}

/** The domain of claims and of actions about runs. */
export const marketDomain = ({ chainId, address }: { chainId: number; address: string }) => ({
  name: 'BountyMarket',
  version: '1',
  chainId,
  verifyingContract: address as `0x${string}`,
})

/** A member that only the API knows. @throws UnexpectedMessageError if it is no number. */
export function integerOf(asked: AskedTypedData, member: string): bigint {
  const text = String(asked.message[member])
  if (!/^\d{1,78}$/.test(text)) throw new UnexpectedMessageError(member, 'a number', text)
  return BigInt(text)
}

/**
 * Compares what the caller signs with what the API asks to sign.
 * @throws UnexpectedMessageError if any member differs, or the signature would be valid for more than an hour.
 */
export function assertAsked({ domain, types, primaryType, message }: TypedData, asked: AskedTypedData): void {
  assertSame('primaryType', primaryType, asked.primaryType)
  for (const [member, value] of Object.entries(domain)) assertSame(member, value, asked.domain[member])
  const members = types[primaryType] ?? []
  const described = (list: (typeof asked.types)[string] = []) => list.map(({ name, type }) => `${type} ${name}`).join()
  assertSame('type', described(members), described(asked.types[primaryType]))
  for (const { name, type } of members) assertSame(name, message[name], asked.message[name], type === 'string')
  const end = BigInt(message.validBefore ?? message.deadline ?? 0)
  const latest = Math.floor(Date.now() / 1_000) + MAX_VALIDITY_SECONDS
  if (end > latest) throw new UnexpectedMessageError('deadline', `at most ${latest}`, end)
}

/** Letter case counts in texts, and not in addresses and hashes. */
function assertSame(member: string, expected: unknown, got: unknown, isText = false) {
  const [own, theirs] = [String(expected), String(got)]
  if (isText ? own === theirs : own.toLowerCase() === theirs.toLowerCase()) return
  throw new UnexpectedMessageError(member, expected, got)
}
