import {
  formatLog,
  type Hash,
  isAddressEqual,
  numberToHex,
  type ParseEventLogsReturnType,
  parseEventLogs,
  slice,
} from 'viem'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import { hasMember, type RunMessage, runCallData } from '../../../../../core/market/runActions.ts'
import { answer } from '../../chain/client.ts'
import type { ChainHead } from '../../chain/heads.ts'
import { type Market, readBounty } from '../../chain/market.ts'
import { logsWhileValid, type Range } from '../../chain/usedSignature.ts'
import type { Made } from '../kind.ts'

/** `IBountyMarket.Rejection`. */
const REJECTED = 0
const ABANDONED = 2

type MarketEvent = ParseEventLogsReturnType<typeof bountyMarketAbi, undefined, true>[number]

/**
 * The newest event with which the chain shows what the message asks for, by any sender: a contract that passes the
 * signature on may hide it. Round, revision and text name the action. A plain call of the market is none: it has no signature.
 */
export async function findMadeOnRun(market: Market, message: RunMessage, head: ChainHead): Promise<Made | undefined> {
  const { bountyId } = message
  const [logs, { round }] = await Promise.all([
    logsWhileValid(market.client, head, (range) => readLogs(market, bountyId, range)),
    readBounty(market, bountyId, head.number),
  ])
  const events = parseEventLogs({ abi: bountyMarketAbi, logs: logs.map((log) => formatLog(log)) })
  const made = events.filter((event, place) => {
    const after = events.slice(place + 1)
    const laterClaims = after.filter(({ eventName }) => eventName === 'BountyClaimed').length
    // A close names no round: it is about the claim that the run has now, or about the refund that has ended it.
    if (event.eventName === 'BountyClosing') return message.action === 'close' && laterClaims === 0
    if (event.eventName === 'BountyWithdrawn') return message.action === 'close' && !hasEvent(after, 'BountyFunded')
    if (event.eventName === 'ClaimantNamed') return isNaming(event, message)
    if (!hasMember(message.action, 'round') || BigInt(round - laterClaims) !== message.round) return false
    return isMade(event, message, events.slice(0, place).findLast(isDeliveryOrRequest))
  })
  for (const { transactionHash: txHash, blockNumber } of made.toReversed()) {
    if (!(await isPlainCall(market, message, txHash))) return { txHash, blockNumber, result: null }
  }
  return undefined
}

/** Whether the transaction calls the market itself, by another function than that with the signature. */
async function isPlainCall({ client, address }: Market, message: RunMessage, hash: Hash): Promise<boolean> {
  const { to, input } = await answer(client.getTransaction({ hash }))
  if (!to || !isAddressEqual(to, address)) return false
  return !input.startsWith(slice(runCallData(message, '0x'), 0, 4))
}

/** All events of the run in these blocks, in their order. The run is the first topic of each. */
const readLogs = ({ client, address }: Market, bountyId: bigint, { fromBlock, toBlock }: Range) => {
  const blocks = { fromBlock: numberToHex(fromBlock), toBlock: numberToHex(toBlock) }
  const filter = { address, topics: [null, numberToHex(bountyId, { size: 32 })], ...blocks }
  return answer(client.request({ method: 'eth_getLogs', params: [filter] }))
}

const hasEvent = (events: readonly MarketEvent[], name: MarketEvent['eventName']) =>
  events.some(({ eventName }) => eventName === name)

type DeliveryOrRequest = Extract<MarketEvent, { eventName: 'WorkSubmitted' | 'RevisionRequested' }>

/** The number of a naming is of one event of the run. */
const isNaming = ({ args }: Extract<MarketEvent, { eventName: 'ClaimantNamed' }>, { naming, claimant }: RunMessage) =>
  naming !== undefined &&
  claimant !== undefined &&
  args.namings === naming + 1n &&
  isAddressEqual(args.claimant, claimant)

const isDeliveryOrRequest = (event: MarketEvent): event is DeliveryOrRequest =>
  event.eventName === 'WorkSubmitted' || event.eventName === 'RevisionRequested'

/**
 * Whether an event of the message's round shows what the message asks for.
 * @param last the delivery, or request for another, before it. Undefined if it is longer ago than a signature is valid.
 */
function isMade(event: MarketEvent, message: RunMessage, last: DeliveryOrRequest | undefined): boolean {
  const { action, revision, text, party } = message
  const lastDelivery = last?.eventName === 'RevisionRequested' ? last.args.revision - 1n : last?.args.revision
  const isOf = (actual: bigint | undefined) => actual === undefined || actual === revision
  switch (event.eventName) {
    case 'WorkStarted':
      return action === 'start'
    case 'WorkSubmitted':
      return action === 'submit' && event.args.revision === revision && event.args.deliverableHash === text
    case 'RevisionRequested':
      return action === 'revise' && event.args.revision === revision + 1n && event.args.feedbackHash === text
    case 'ClaimAbandoned':
      return action === 'abandon'
    case 'BountyApproved':
      return action === 'approve' && isAddressEqual(event.args.by, party) && isOf(lastDelivery)
    case 'BountyRejected':
      if (event.args.reason === REJECTED) return action === 'reject' && isOf(lastDelivery)
      return event.args.reason === ABANDONED && action === 'abandon' && isOf(last?.args.revision)
    default:
      return false
  }
}
