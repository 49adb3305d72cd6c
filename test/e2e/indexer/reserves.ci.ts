import { execa } from 'execa'
import { pino } from 'pino'
import { type Address, parseEther } from 'viem'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createChainClient } from '../../../core/node/chainClient.ts'
import { openReadPool } from '../../../src/api/index/pool.ts'
import { IndexReader } from '../../../src/api/index/reader.ts'
import { createStats } from '../../../src/api/queries/stats.ts'
import { createBalances, readReserves } from '../../../src/api/reserves.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { sharedMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'

const burn = '0x000000000000000000000000000000000000dEaD'

let market: TestMarket
let people: Participants

beforeAll(async () => {
  market = await sharedMarket('unsigned')
  people = participantsOf(market)
}, 120_000)

type Json = {
  block: { number: number; hash: string }
  market: Record<'held' | 'escrow' | 'debts' | 'surplus', string>
  staking: Record<'held' | 'staked' | 'unburned' | 'surplus', string>
}

/** Counts the reserves with nothing but a node and the logs, as anyone can. */
async function audit(args: string[]) {
  const command = ['ops/auditCommand.ts', '--reserves', '--rpc', market.rpcUrl, ...args]
  const env = { DEPLOYMENTS_DIR: market.deploymentsDirectory }
  const { stdout, stderr, exitCode } = await execa({ env, preferLocal: true, reject: false })('node', command)
  return { counted: stdout && JSON.parse(stdout), stderr, exitCode }
}

/** What the API answers, after the same was counted from the logs at its block. */
async function reserves() {
  await market.indexed()
  const response = await fetch(`${market.api.url}/api/market/reserves`)
  const answer = (await response.json()) as Json
  expect(response.status, JSON.stringify(answer)).toBe(200)
  expect(response.headers.get('X-Indexed-Block')).toBe(`${answer.block.number}`)
  const { counted, exitCode } = await audit(['--block', `${answer.block.number}`])
  expect(counted).toEqual(answer)
  return { ...answer, exitCode }
}

/** How each amount has changed, in base units. */
function changes(before: Json, after: Json) {
  const between = (name: 'market' | 'staking') =>
    Object.fromEntries(
      Object.entries(after[name]).map(([key, value]) => [key, BigInt(value) - BigInt((before[name] as never)[key])]),
    )
  return { market: between('market'), staking: between('staking') }
}

/** Moves USDC out of a contract, which no call of it can do. */
async function take(from: Address, amount: bigint) {
  await market.client.impersonateAccount({ address: from })
  await market.client.setBalance({ address: from, value: parseEther('1') })
  await people.mined(() => market.usdc.write.transfer([accountOf(9).address, amount], { account: from }))
}

const surplusMetric = async (contract: string) => {
  const text = await (await fetch(`${market.api.opsUrl}/metrics`)).text()
  return Number(new RegExp(`^reserve_surplus_usdc\\{contract="${contract}"\\} (\\S+)$`, 'm').exec(text)?.[1])
}

describe('the reserves', { timeout: 60_000 }, () => {
  it('are those of the logs: donations are a surplus, and what USDC refuses is a debt', async () => {
    const { usdc: token, market: contract, staking } = market
    const before = await reserves()
    await people.mined(() => token.write.mint([contract.address, 7n]))
    await people.mined(() => token.write.mint([staking.address, 11n]))
    const agent = await people.newAgent(accountOf(12))
    const account = agent.wallet.address
    await people.openRun(40n * usdc)
    const paid = await people.openRun(100n * usdc)
    await people.mined(() => contract.write.claimBounty([paid, agent.id], { account }))
    await people.mined(() => contract.write.submitWork([paid, 'ipfs://done'], { account }))
    const lost = await people.openRun(20n * usdc)
    await people.mined(() => contract.write.claimBounty([lost, agent.id], { account }))
    for (const refused of [account, burn] as const) await people.mined(() => token.write.blacklist([refused]))
    await people.mined(() => contract.write.approveWork([paid, 0]))
    await people.mined(() => contract.write.abandonClaim([lost], { account }))
    const owed = await reserves()
    expect(changes(before, owed)).toEqual({
      // Two open runs; the reward and the fee of the approved one, and the stake that the staking contract still holds.
      market: { held: 7n + 168n * usdc, escrow: 63n * usdc, debts: 107n * usdc, surplus: 7n },
      staking: { held: 11n + 20n * usdc, staked: 18n * usdc, unburned: 2n * usdc, surplus: 11n },
    })

    for (const refused of [account, burn] as const) await people.mined(() => token.write.unBlacklist([refused]))
    const treasury = await contract.read.TREASURY()
    for (const payee of [account, burn, treasury] as const) await people.mined(() => contract.write.collect([payee]))
    const collected = await reserves()
    expect([collected.market.debts, collected.staking.unburned]).toEqual(['1', '0'])
    expect(changes(owed, collected)).toMatchObject({ market: { surplus: 0n }, staking: { surplus: 0n } })
    expect([before.exitCode, owed.exitCode, collected.exitCode]).toEqual([0, 0, 0])

    const page = await (await fetch(`${market.api.url}/market`)).text()
    expect(page.replaceAll(/<[^>]*>|\s+/g, ' ')).toMatch(/ Market +[\d,.]+ +[\d,.]+ +0\.000007 +\(donated\)/)
  })

  it('are counted for a market that is in no file', async () => {
    await market.indexed()
    const answer = (await (await fetch(`${market.api.url}/api/market/reserves`)).json()) as Json
    const args = ['--market', market.market.address.toLowerCase(), '--block', `${answer.block.number}`]
    expect((await audit(args)).counted).toEqual(answer)
    expect(await audit(['--block', '999999999'])).toMatchObject({ counted: '', exitCode: 2 })
  })

  it('show a deficit, in the answer, in the metric and by the exit code', async () => {
    const { usdc: token, market: contract, staking } = market
    for (const [name, { address }] of [
      ['market', contract],
      ['staking', staking],
    ] as const) {
      const surplus = BigInt((await reserves())[name].surplus)
      await take(address, surplus + 3n)
      const lacking = await reserves()
      expect([lacking[name].surplus, lacking.exitCode]).toEqual(['-3', 1])
      await expect.poll(() => surplusMetric(name), { timeout: 10_000 }).toBe(-0.000003)
      await people.mined(() => token.write.mint([address, surplus + 3n]))
      expect(BigInt((await reserves())[name].surplus)).toBe(surplus)
      await expect.poll(() => surplusMetric(name), { timeout: 10_000 }).toBe(Number(surplus) / 1e6)
    }
  })

  it('cost two calls of the node for each block, and a node that fails is refused, not believed', async () => {
    const node = await startRpcProxy(market.rpcUrl)
    onTestFinished(node.stop)
    const logger = pino({ level: 'silent' })
    const pool = openReadPool({ url: market.databaseUrl, schema: 'runline', logger })
    onTestFinished(() => pool.end())
    const index = new IndexReader(pool, market.chainId)
    const client = createChainClient(node.url, { http: { retryCount: 0 }, cacheTime: 0 })
    const from = { index, readStats: createStats(), readBalances: createBalances(client, market.deployment) }
    const read = (minBlock?: bigint) => readReserves(from, minBlock)
    const answers = await Promise.all(Array.from({ length: 30 }, () => read()))
    const blocks = new Set(answers.map(({ snapshot }) => snapshot.hash))
    expect(node.use().calls.get('eth_call')).toBe(2 * blocks.size)

    await people.mined(() => market.usdc.write.mint([accountOf(9).address, 1n]))
    await market.indexed()
    node.from(() => ({ kind: 'refuse' }))
    await expect(read(await market.client.getBlockNumber({ cacheTime: 0 }))).rejects.toThrow('The node does not answer')
    node.from(() => ({ kind: 'hang' }))
    const start = performance.now()
    await expect(read()).rejects.toMatchObject({ code: 'NODE_UNAVAILABLE', headers: { 'Retry-After': '1' } })
    expect(performance.now() - start).toBeLessThan(4_000)
    node.heal()
    expect((await read(await market.client.getBlockNumber({ cacheTime: 0 }))).data.market.held).toBeGreaterThan(0n)
  })
})
