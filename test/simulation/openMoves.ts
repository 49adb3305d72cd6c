import { type Address, type Hex, TransactionReceiptNotFoundError } from 'viem'
import {
  collectCall,
  type OpenCall,
  type OpenRunCallName,
  openCallData,
  openRunCall,
} from '../../core/market/openCalls.ts'
import { unlessRefused } from './activity.ts'
import type { Answer } from './api.ts'
import { compare } from './differences.ts'
import { LIVE, OPEN, pickBounty } from './parties.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** The call that anyone may make in each state, once its time has come. */
const callIn: Record<number, OpenRunCallName> = {
  2: 'expire',
  3: 'slash',
  4: 'slash',
  5: 'finalize',
  7: 'reject-overdue',
}

/** How many calls are drawn for one that the market takes now; else the last one is asked for, and refused. */
const DRAWS = 6

/** A random call that anyone may ask for; undefined where there is no run for one. */
export async function pickOpenCall(world: World, random: Random): Promise<OpenCall | undefined> {
  let call: OpenCall | undefined
  for (let draw = 0; draw < DRAWS; draw++) {
    call = random.chance(0.2) ? collectCall(await payeeOf(world, random)) : await callForRun(world, random)
    if (call && (await isTaken(world, call))) return call
  }
  return call
}

export const pathOfOpenCall = (call: OpenCall): string =>
  call.action === 'collect' ? `/api/payees/${call.payee}/collect` : `/api/runs/${call.bountyId}/${call.action}`

async function callForRun(world: World, random: Random): Promise<OpenCall | undefined> {
  const bounty = await pickBounty(world, random, [OPEN, ...LIVE])
  const action = bounty && callIn[bounty.state]
  return action && openRunCall(action, bounty.bountyId)
}

/** Mostly the treasury: the market owes it the fee of each approval. */
async function payeeOf(world: World, random: Random): Promise<Address> {
  if (random.chance(0.2)) return random.pick(world.everyone).address
  return world.node.readContract({ ...world.contracts.market, functionName: 'TREASURY' })
}

async function isTaken(world: World, call: OpenCall): Promise<boolean> {
  const { address: to } = world.contracts.market
  const passed = await unlessRefused(world.node.call({ to, data: openCallData(call), blockTag: 'pending' }))
  return passed !== undefined
}

/**
 * The transaction that the API reports must have made the call in that block, or must not have made it: it has failed, or is one
 * that only used up the nonce. Without a transaction of its own the API reports what another sender has made.
 */
export async function compareOpenCall(world: World, call: OpenCall, { status, body }: Answer): Promise<string[]> {
  const hash = body.txHash as Hex | null | undefined
  if (status === 404 || !hash) return []
  const receipt = await world.node.getTransactionReceipt({ hash }).catch((error) => {
    if (error instanceof TransactionReceiptNotFoundError) return undefined
    throw error
  })
  const transaction = receipt && (await world.node.getTransaction({ hash }))
  const isMade = receipt?.status === 'success' && transaction?.input === openCallData(call)
  const isReported = body.state !== 'refused'
  return compare(
    `${call.action} of ${pathOfOpenCall(call)}, ${JSON.stringify(body)}`,
    { isMade, block: isMade ? Number(receipt.blockNumber) : null },
    { isMade: isReported, block: isReported ? body.blockNumber : null },
  )
}
