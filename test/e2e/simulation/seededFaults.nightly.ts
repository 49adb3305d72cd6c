import { type Address, parseEther } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { auditTables } from '../../simulation/auditTables.ts'
import { compareApi } from '../../simulation/compareApi.ts'
import { findDeficits } from '../../simulation/market.ts'
import { createOracle } from '../../simulation/oracle.ts'
import { createRandom } from '../../simulation/random.ts'
import { createWorld, type World } from '../../simulation/world.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { tamperedIndex } from '../../support/tamperedIndex.ts'

let market: TestMarket
let world: World

/** Run 1 is delivered, run 2 open; there are two agents. */
beforeAll(async () => {
  market = await startTestMarket({ chain: {} })
  world = await createWorld(market, { salt: 'faults', posters: 1, agents: 1 })
  // The API takes the later of chain time and this machine's time as now: keep chain time the later.
  await world.node.increaseTime({ seconds: 86_400 })
  await world.node.mine({ blocks: 1 })
  const participants = participantsOf(market)
  const agent = await participants.newAgent(accountOf(2))
  await participants.newAgent(accountOf(3))
  const run = await participants.openRun()
  await participants.openRun()
  const account = agent.wallet.address
  await participants.mined(() => market.market.write.claimBounty([run, agent.id], { account }))
  await participants.mined(() => market.market.write.submitWork([run, 'ipfs://delivery'], { account }))
  return market.stop
})

/** What the simulation finds at its end: differences of answers, and of tables. */
async function differences() {
  // The API has answers of the latest block already.
  await world.node.mine({ blocks: 1 })
  const random = createRandom(1)
  const answers = await compareApi({ world, api: market.api, oracle: createOracle(world), random })
  return { answers: answers.differences, tables: await auditTables({ ...market, world }) }
}

test('finds nothing in an index that equals the chain', async () => {
  expect(await differences()).toEqual({ answers: [], tables: [] })
})

test.each([
  ['the time to deliver after the delivery', `UPDATE run SET submit_by = review_by WHERE bounty_id = 1`, 'submitBy'],
  ['a reward', `UPDATE run SET reward = reward + 1 WHERE bounty_id = 1`, 'reward'],
  ['a state', `UPDATE run SET state = 'IN_PROGRESS' WHERE bounty_id = 1`, 'state'],
  ['a record', `UPDATE agent SET completions = completions + 1 WHERE id = 1`, 'completions'],
])('finds %s that is wrong, in an answer and in a table', async (_, statement, field) => {
  const { answers, tables } = await tamperedIndex(market.databaseUrl, [statement], differences)
  expect(answers).toContainEqual(expect.stringContaining(`${field} `))
  expect(tables).toContainEqual(expect.stringContaining(`: ${field} is `))
})

test('finds an agent that does not exist, in the count and in the table', async () => {
  const insert = `INSERT INTO agent SELECT (json_populate_record(agent, '{"id": 9}')).* FROM agent WHERE id = 1`
  const { answers, tables } = await tamperedIndex(market.databaseUrl, [insert], differences)
  expect(answers).toContainEqual(expect.stringMatching(/total: expected 2, got 3$/))
  expect(tables).toContainEqual('agent 9: exists is true in the table, false on chain')
})

test('finds a timeline and figures that lack a delivery', async () => {
  const lost = `DELETE FROM run_event WHERE name = 'WorkSubmitted'`
  const { answers, tables } = await tamperedIndex(market.databaseUrl, [lost], differences)
  expect(answers).toContainEqual(expect.stringMatching(/events at .+\.total: expected 4, got 3$/))
  expect(tables).toContainEqual(
    expect.stringMatching(/^event of block .+: exists is false in the table, true on chain$/),
  )
})

test('finds the block at which a contract holds less than it owes, though it holds it again later', async () => {
  const { usdc, market: lacking } = world.contracts
  const thief = accountOf(4).address
  const move = async (from: Address, to: Address) => {
    await world.node.impersonateAccount({ address: from })
    await world.node.setBalance({ address: from, value: parseEther('1') })
    const hash = await usdc.write.transfer([to, 1n], { account: from })
    return (await world.node.waitForTransactionReceipt({ hash })).blockNumber
  }
  const taken = await move(lacking.address, thief)
  const given = await move(thief, lacking.address)
  const blocks = Array.from({ length: Number(given - taken) }, (_, place) => taken + BigInt(place))
  expect(await findDeficits(world)).toEqual(blocks.map((block) => `the market contract lacks 1 at block ${block}`))
})
