import { type Hex, hashTypedData, type TypedDataDefinition } from 'viem'
import { type MessageName, messageTypes } from '../../../core/market/messageTypes.ts'
import { UnexpectedMessageError } from './errors.ts'
import type { AnyId } from './reads.ts'

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

/** The domain of what is signed for a contract. `BountyMarket`: of claims and of actions about runs. */
export const domainOf = (name: string, chainId: number, contract: string): TypedData['domain'] => ({
  name,
  version: '1',
  chainId,
  verifyingContract: contract as `0x${string}`,
})

/** A member that only the API knows. @throws UnexpectedMessageError if it is no number. */
export function integerOf(asked: AskedTypedData, member: string): bigint {
  const text = String(asked.message[member])
  if (!/^\d{1,78}$/.test(text)) throw new UnexpectedMessageError(member, 'a number', text)
  return BigInt(text)
}

/**
 * What to sign for the action. The domain and the members `own` are the caller's. The members that it leaves out are the API's,
 * and have to be numbers.
 * @throws UnexpectedMessageError if the API asks to sign anything else, or the signature would be valid for more than an hour.
 */
export function typedDataOf(
  action: MessageName,
  domain: TypedData['domain'],
  own: Record<string, unknown>,
  asked: AskedTypedData,
): TypedData {
  const { primaryType, members } = messageTypes[action]
  const message = members.map(({ name, type }) => {
    const value = own[name]
    if (type !== 'uint256') return [name, String(value)]
    return [name, value === undefined ? integerOf(asked, name) : BigInt(value as AnyId)]
  })
  const typedData = { domain, types: { [primaryType]: members }, primaryType, message: Object.fromEntries(message) }
  assertAsked(typedData, asked)
  return typedData
}

/** What the typed data hashes to (EIP-712): the id of the action or claim. */
export const digestOf = (typedData: { message: object }): Hex => hashTypedData(typedData as TypedDataDefinition)

/** The members with numbers as text, as bodies have them. */
export const asText = (members: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(members).map(([member, value]) => [member, String(value)]))

/** Compares what the caller signs with what the API asks to sign. */
function assertAsked({ domain, types, primaryType, message }: TypedData, asked: AskedTypedData): void {
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
