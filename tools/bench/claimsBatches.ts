import { setTimeout as sleep } from 'node:timers/promises'
import { encodeFunctionData, type Hex, parseGwei } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { connect } from '../../ops/database/connect.ts'
import { accountOf } from '../devnet/accounts.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { type ClaimsMarket, type SignedClaim, withMarket } from './claimsMarket.ts'
import { claimThroughApi, WARM_UP, warmUp } from './claimsTraffic.ts'
import { type Measurement, median } from './figure.ts'
import { amount, ROUNDS } from './workload.ts'

const CLAIMS = amount(500, 60)
const CLIENTS = amount(256, 32)

/** Accounts that hold ETH and have no role in the market. */
const senders = Array.from({ length: 16 }, (_, index) => accountOf(2 + index))

/** The gas limit of a claim that a wallet sends without an estimate. */
const CLAIM_GAS = 200_000n

/** How often the baseline polls the index. */
const POLL_MS = 5
const RAW_LIMIT_MS = 120_000

/**
 * Claims of many clients at once through two APIs, which send them in batches, beside as many claims that are each a
 * transaction of its own, by accounts that do not wait until they are mined. Both count until the index shows them. Anvil
 * mines each transaction at once.
 */
export async function batches(postgres: Postgres): Promise<Measurement> {
  const rates = { batched: [] as number[], single: [] as number[] }
  for (let round = 1; round <= ROUNDS; round++) {
    const single = await withMarket(postgres, { runs: CLAIMS, replicas: 0 }, claimOneByOne)
    const batched = await withMarket(postgres, { runs: WARM_UP + CLAIMS, replicas: 2 }, claimInBatches)
    rates.single.push(single)
    rates.batched.push(batched)
    console.log(`  batches, round ${round} of ${ROUNDS}: ${batched.toFixed(0)}, single ${single.toFixed(0)} claims/s`)
  }
  return {
    figure: `claims of ${CLIENTS} clients in batches`,
    unit: 'claims/s',
    value: median(rates.batched),
    baseline: median(rates.single),
    goal: { ratioAtLeast: 2 },
  }
}

/** @returns claims a second. */
async function claimInBatches(market: ClaimsMarket): Promise<number> {
  const claims = await market.signAll(WARM_UP + CLAIMS)
  await warmUp(market, claims)
  const start = performance.now()
  await claimThroughApi(market, claims, CLIENTS)
  return (1_000 * CLAIMS) / (performance.now() - start)
}

/** @returns claims a second. @throws if the index does not show all of them within two minutes. */
async function claimOneByOne(market: ClaimsMarket): Promise<number> {
  const raws = await signRaw(market, await market.signAll(CLAIMS))
  await using index = await connect(market.databaseUrl)
  const claimed = async () =>
    (await index.query(`SELECT count(*)::int AS claimed FROM runline.run WHERE state = 'CLAIMED'`)).rows[0].claimed
  const start = performance.now()
  const sending = Promise.all(
    raws.map(async (own) => {
      for (const serializedTransaction of own) await market.client.sendRawTransaction({ serializedTransaction })
    }),
  )
  for (; (await claimed()) < CLAIMS; await sleep(POLL_MS)) {
    if (performance.now() > start + RAW_LIMIT_MS) throw new Error(`Only ${await claimed()} of ${CLAIMS} raw claims`)
  }
  await sending
  return (1_000 * CLAIMS) / (performance.now() - start)
}

/** Signs each claim as a transaction, by the senders in turn. */
function signRaw({ address, client }: ClaimsMarket, claims: readonly SignedClaim[]): Promise<Hex[][]> {
  const signing = senders.map((sender, turn) => {
    const own = claims.filter((_, place) => place % senders.length === turn)
    const transactions = own.map(({ bountyId, agentId, wallet, deadline, signature }, nonce) =>
      sender.signTransaction({
        type: 'eip1559',
        chainId: client.chain.id,
        to: address,
        gas: CLAIM_GAS,
        nonce,
        maxFeePerGas: parseGwei('20'),
        maxPriorityFeePerGas: parseGwei('1'),
        data: encodeFunctionData({
          abi: bountyMarketAbi,
          functionName: 'claimBountyWithSig',
          args: [bountyId, agentId, wallet, deadline, signature],
        }),
      }),
    )
    return Promise.all(transactions)
  })
  return Promise.all(signing)
}
