import { expect, it } from 'vitest'
import { formatMarket } from '../../../src/api/resources/market.ts'
import { startTestChain } from '../../support/market.ts'

it('the terms of GET /api/market are the constants of the deployed contracts', async () => {
  await using parts = new AsyncDisposableStack()
  const { market, staking, usdc, registry, deployment, stop } = await startTestChain()
  parts.defer(stop)
  const { terms, contracts, usdcDecimals } = formatMarket(deployment)
  expect(terms).toEqual({
    feeBps: Number(await market.read.FEE_BPS()),
    lockBps: Number(await market.read.LOCK_BPS()),
    minimumStake: String(await staking.read.MIN_STAKE()),
    minimumReward: String(await market.read.MIN_REWARD()),
    maximumReward: String(await market.read.MAX_REWARD()),
    maximumDeadline: Number(await market.read.MAX_DEADLINE()),
    defaultWorkPeriod: Number(await market.read.DEFAULT_WORK_PERIOD()),
    reviewPeriod: Number(await market.read.REVIEW_PERIOD()),
    gracePeriod: Number(await market.read.GRACE_PERIOD()),
    maximumRevisions: Number(await market.read.MAX_REVISIONS()),
    establishedAfter: Number(await staking.read.ESTABLISHED_AFTER()),
    establishedCompletions: Number(await staking.read.ESTABLISHED_COMPLETIONS()),
    banAfterSlashes: Number(await staking.read.BAN_AFTER_SLASHES()),
    // The contract has no getter for it. The signature tests try a deadline a second beyond it.
    signatureValidity: 3_600,
  })
  expect(usdcDecimals).toBe(await usdc.read.decimals())
  expect([contracts.USDC.address, contracts.AgentStaking.address, contracts.AgentRegistry.address]).toEqual([
    await market.read.USDC(),
    await market.read.STAKING(),
    registry.address,
  ])
})
