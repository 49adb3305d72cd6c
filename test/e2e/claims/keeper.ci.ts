import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { parseGwei } from 'viem'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startProcess } from '../../../tools/devnet/managedProcess.ts'
import { freshDatabase } from '../../support/database.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { contextOf, relayer, relayOn, requestOf, resultOf, until } from './claimsOnChain.ts'

/** Blocks are mined when a test mines them. */
let chain: TestChain & { databaseUrl: string }
let people: Participants
let agent: Agent
let relay: Relay
const log: string[] = []

beforeAll(async () => {
  chain = { ...(await startTestChain({})), databaseUrl: await freshDatabase() }
  people = participantsOf(chain)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  relay = await relayOn(chain, {}, log)
  return async () => {
    await relay.close()
    await chain.stop()
  }
}, 60_000)

afterEach(() => chain.client.setAutomine(true))

const mine = (blocks = 1) => chain.client.mine({ blocks })
const pool = () => chain.client.getTxpoolStatus()
const nonce = () => chain.client.getTransactionCount({ address: relayer.address })

describe('a reorg', () => {
  it('that drops mined claims makes the keeper send them again, and each run is claimed once', {
    timeout: 60_000,
  }, async () => {
    const runIds = await Promise.all(Array.from({ length: 6 }, () => people.openRun(usdc)))
    await mine(6)
    const outcomes = await Promise.all(
      runIds.map((runId) => relay.act(requestOf(runId, agent), contextOf(AbortSignal.timeout(15_000)))),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(Array(6).fill('done'))
    const used = await nonce()
    const before = await chain.client.getBlock()
    // The reorg drops some of the claims' blocks; their transactions do not return to the pool.
    await chain.client.request({ method: 'anvil_reorg', params: [6, []] } as never)
    const after = await chain.client.getBlock({ blockNumber: before.number })
    expect(after.hash).not.toBe(before.hash)
    await until('dropped', async () => log.some((line) => line.includes('a reorg took a transaction')), 5_000)
    await until(
      'all mined again',
      async () => {
        const states = await Promise.all(outcomes.map(({ actionId }) => relay.find(actionId)))
        const bounties = await Promise.all(runIds.map((runId) => chain.market.read.getBounty([runId])))
        return states.every((claim) => claim?.state === 'done') && bounties.every(({ state }) => state === 3)
      },
      20_000,
    )
    expect(await nonce()).toBe(used)
    for (const [index, runId] of runIds.entries()) {
      expect(await chain.market.read.getBounty([runId])).toMatchObject({ agentId: Number(agent.id), round: 1 })
      const txHash = (await relay.find(outcomes[index]?.actionId ?? '0x'))?.txHash ?? '0x'
      expect(await chain.client.getTransactionReceipt({ hash: txHash })).toMatchObject({ status: 'success' })
    }
  })
})

describe('a nonce', () => {
  it('that was left to a foreign transaction that never came is filled', { timeout: 30_000 }, async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    const foreign = await chain.client.sendTransaction({ account: relayer.address, to: relayer.address, value: 0n })
    const result = resultOf(relay, requestOf(runId, agent), 25_000)
    await until('both pending', async () => (await pool()).pending === 2)
    await chain.client.dropTransaction({ hash: foreign })
    await until('filled', async () => log.some((line) => line.includes('fills a gap')))
    await until('both pending again', async () => (await pool()).pending === 2)
    await mine()
    expect(await result).toBe('done')
  })

  it('that is stuck is replaced with both fees raised by at least an eighth', { timeout: 40_000 }, async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    const claiming = relay.act(requestOf(runId, agent), contextOf(AbortSignal.timeout(500)))
    const { actionId: claimId, txHash } = (await claiming) as { actionId: `0x${string}`; txHash: `0x${string}` }
    const first = await chain.client.getTransaction({ hash: txHash })
    // Blocks without room for the transaction.
    for (let block = 1; block <= 3; block++) {
      const nextNonce = await nonce()
      await chain.client.dropTransaction({ hash: txHash })
      await mine()
      expect(await nonce()).toBe(nextNonce)
    }
    await until('replaced', async () => (await relay.find(claimId))?.tx.hash !== txHash, 15_000)
    const newer = (await relay.find(claimId))?.tx.hash ?? '0x'
    await until('sent', async () => (await pool()).pending === 1)
    const second = await chain.client.getTransaction({ hash: newer })
    expect(second.nonce).toBe(first.nonce)
    const eighthMore = (wei: bigint | undefined) => ((wei ?? 0n) * 9n + 7n) / 8n
    expect(second.maxFeePerGas).toBeGreaterThanOrEqual(eighthMore(first.maxFeePerGas))
    expect(second.maxPriorityFeePerGas).toBeGreaterThanOrEqual(eighthMore(first.maxPriorityFeePerGas))
    expect(second.maxFeePerGas).toBeLessThanOrEqual(parseGwei('200'))
    await mine()
    expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
  })

  it('whose claim was won by another agent is used by an empty transfer', { timeout: 40_000 }, async () => {
    const rival = await people.newAgent(accountOf(3))
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    const { actionId: claimId, txHash } = (await relay.act(
      requestOf(runId, agent),
      contextOf(AbortSignal.timeout(500)),
    )) as {
      actionId: `0x${string}`
      txHash: `0x${string}`
    }
    await chain.client.dropTransaction({ hash: txHash })
    await chain.market.write.claimBounty([runId, rival.id], { account: rival.wallet.address, gas: 200_000n })
    await mine()
    for (let block = 1; block <= 3; block++) {
      await chain.client.dropTransaction({ hash: txHash })
      await mine()
    }
    await until(
      'filled',
      async () => log.some((line) => line.includes(txHash) && line.includes('"filler":true')),
      15_000,
    )
    await until('sent', async () => (await pool()).pending === 1)
    await mine()
    await until('decided', async () => (await relay.find(claimId))?.state === 'refused')
    expect((await relay.find(claimId))?.problem).toMatchObject({
      code: 'RUN_NOT_OPEN',
      extensions: { claimedBy: Number(rival.id), holder: rival.wallet.address },
    })
    expect(await nonce()).toBe(
      await chain.client.getTransactionCount({ address: relayer.address, blockTag: 'pending' }),
    )
  })
})

describe('a transaction that is not mined', () => {
  it('causes few database queries while no block is mined', { timeout: 60_000 }, async () => {
    const runId = await people.openRun(usdc)
    await chain.client.setAutomine(false)
    expect(await resultOf(relay, requestOf(runId, agent), 500)).toBe('accepted')
    const database = new pg.Client({ connectionString: chain.databaseUrl })
    await database.connect()
    const commits = async () => {
      const text = 'SELECT xact_commit::int AS commits FROM pg_stat_database WHERE datname = current_database()'
      return (await database.query(text)).rows[0].commits
    }
    // PostgreSQL adds the commits of an idle connection to its statistics up to ten seconds late.
    await sleep(11_000)
    const commitsOfFourSeconds = async () => {
      const before = await commits()
      await sleep(4_000)
      return (await commits()) - before
    }
    // On a busy machine even later: then the next four seconds count.
    await expect.poll(commitsOfFourSeconds, { timeout: 20_000 }).toBeLessThan(60)
    await database.end()
    await mine()
    expect(await resultOf(relay, requestOf(runId, agent))).toBe('done')
  })
})

describe('the schema', () => {
  it('is created once by two processes that start concurrently', async () => {
    const databaseUrl = await freshDatabase()
    const script = `
      import pg from 'pg'
      import { migrate } from './src/api/relay/store/migrations.ts'
      const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
      await migrate(pool)
      const { rows } = await pool.query('SELECT number FROM relay.version')
      console.log('versions ' + rows.map(({ number }) => number))
      await pool.end()`
    const processes = await Promise.all(
      Array.from({ length: 2 }, () =>
        startProcess({
          name: 'A migration',
          command: process.execPath,
          args: ['--input-type=module-typescript', '--eval', script],
          env: { DATABASE_URL: databaseUrl },
        }),
      ),
    )
    for (const part of processes) {
      const [, versions = ''] = await part.saw(/^versions (.+)$/, 20_000)
      expect(versions.split(',')).toEqual(versions.split(',').map((_, place) => String(place + 1)))
      expect(await part.ended).toBe('exited with code 0')
      await part.stop()
    }
    await Promise.all(Array.from({ length: 4 }, async () => (await relayOn({ ...chain, databaseUrl })).close()))
  })

  it('of another chain or market makes the start fail', async () => {
    const other = await startTestChain({})
    await expect(relayOn({ ...other, databaseUrl: chain.databaseUrl })).rejects.toThrow(
      /Schema relay in DATABASE_URL belongs to another chain or market: start_block_hash 0x[0-9a-f]+, not 0x/,
    )
    await other.stop()
  })
})
