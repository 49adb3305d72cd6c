import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { type HttpFault, startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf } from '../../support/participants.ts'
import { python, startPython } from '../../support/python.ts'

let market: TestMarket
let people: Participants
let proxy: Awaited<ReturnType<typeof startFaultyApi>>
let agent: Agent

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  proxy = await startFaultyApi(market.api.url)
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000_000_000n)
  return async () => {
    await proxy.stop()
    await market.stop()
  }
}, 120_000)

beforeEach(() => {
  proxy.faults.length = 0
})

/** The lines that a program prints. `worker` has claimed nothing yet. */
async function run(program: string): Promise<string[]> {
  const { stdout } = await startPython(`
from eth_account import Account
from runline import Market, Runline

runline = Runline("${proxy.url}", market=Market(${market.chainId}, "${market.market.address}"), timeout_seconds=20)
worker = Account.from_key("${keyOf(2)}")
${program}`)
  return stdout.split('\n')
}

async function openRun() {
  const runId = await people.openRun()
  await market.indexed()
  return runId
}

describe.skipIf(!python)('the Python client', () => {
  it.each<[string, HttpFault[]]>([
    ['a lost answer', ['lose', 'pass', 'lose']],
    ['half an answer', ['cut', 'pass', 'cut']],
  ])('repeats an action after %s, and makes it once', async (_, faults) => {
    const runId = await openRun()
    await run(`runline.claim(${runId}, agent_id=${agent.id}, account=worker)`)
    proxy.faults.push(...faults)
    expect(await run(`print(runline.submit(${runId}, "ipfs://work", account=worker)["run"]["state"])`)).toEqual([
      'SUBMITTED',
    ])
    expect(proxy.faults).toEqual([])
  })
})
