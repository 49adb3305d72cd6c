import { randomBytes } from 'node:crypto'
import { keccak256 } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { type Runs, runsOn } from '../../e2e/actions/runsInStates.ts'
import { type HttpFault, startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { python, startPython } from '../../support/python.ts'

let market: TestMarket
let runs: Runs
let proxy: Awaited<ReturnType<typeof startFaultyApi>>

const key = generatePrivateKey()
const account = privateKeyToAccount(key)
const stranger = accountOf(9).address

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  proxy = await startFaultyApi(market.api.url)
  runs = await runsOn(market)
  await participantsOf(market).mined(() => market.usdc.write.mint([account.address, 10_000n * usdc]))
  return async () => {
    await proxy.stop()
    await market.stop()
  }
}, 120_000)

beforeEach(() => {
  proxy.faults.length = 0
  proxy.requests.length = 0
})

/** The lines that a program prints. `payer` has USDC and no ether. */
async function run(program: string): Promise<string[]> {
  const { USDC, SignedFunding, AgentStaking, AgentRegistry } = market.deployment.contracts
  const { stdout } = await startPython(`
import time
from eth_account import Account
from runline import Contracts, Market, ProblemError, Runline, UnexpectedMessageError

market = Market(${market.chainId}, "${market.market.address}")
contracts = Contracts("${USDC}", "${SignedFunding}", "${AgentStaking}", "${AgentRegistry}")
runline = Runline("${proxy.url}", market=market, contracts=contracts, timeout_seconds=20)
payer = Account.from_key("${key}")
deadline = int(time.time()) + 86_400
${program}`)
  return stdout.split('\n')
}

const balance = () => market.usdc.read.balanceOf([account.address])

describe.skipIf(!python)('the Python client, for an account without ether,', () => {
  it('posts with terms of its own, registers, stakes and takes stake out', async () => {
    const before = await balance()
    const lines = await run(`
evaluator = "${stranger}"
posted = runline.post("ipfs://Täsk", 10_000_000, deadline, account=payer, work_period=3_600, stake_percent=5, evaluator=evaluator, claimant=evaluator)
run = posted["run"]
print(run["state"], run["ipfsHash"], run["workPeriod"], run["stakeRequired"], run["evaluator"], run["claimant"])
print(runline.action_state(posted["actionId"])["action"], runline.poster(payer.address)["address"].lower() == payer.address)
calls = runline.message("stake", agentId=1, **{"from": payer.address}, amount=1)["calls"]
print([call["to"] for call in calls] == [contracts.usdc, contracts.agent_staking])
agent_id = runline.register("ipfs://agent", account=payer)["agent"]["id"]
print(runline.stake(agent_id, "30000000", account=payer)["agent"]["stakedAmount"])
print(runline.unstake(agent_id, 10_000_000, account=payer)["agent"]["stakedAmount"])
print(runline.stake_info(agent_id)["canClaimRuns"], [each["bountyId"] for each in runline.runs(claimable="True", poster=payer.address)])
`)
    expect(lines).toEqual([
      `OPEN ipfs://Täsk 3600 500000 ${stranger} ${stranger}`,
      'post True',
      'True',
      '30000000',
      '20000000',
      expect.stringMatching(/^True \[\d+\]$/),
    ])
    expect(await balance()).toBe(before - 10_500_000n - 20n * usdc)
    expect(await market.client.getBalance({ address: account.address })).toBe(0n)
  })

  it.each<[string, HttpFault[]]>([
    ['a lost answer', ['pass', 'lose']],
    ['half an answer', ['pass', 'cut']],
  ])('pays once for a post after %s', async (_, faults) => {
    const before = await balance()
    proxy.faults.push(...faults)
    const lines = await run('print(runline.post("ipfs://task", 1_000_000, deadline, account=payer)["success"])')
    expect([lines, proxy.faults]).toEqual([['True'], []])
    expect(await balance()).toBe(before - 1_050_000n)
  })

  it('pays once for a post, stake or registration that is repeated with its salt', async () => {
    const before = await balance()
    const busy = { status: 429, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '80000' } }
    proxy.faults.push('pass', 'lose', { ...busy, body: '{"code":"RATE_LIMITED","detail":"Said by the test."}' })
    const lines = await run(`
from runline import UndecidedError, create_salt, usdc
terms, salt = ("ipfs://task", usdc("1.5"), deadline), create_salt()
try:
    runline.post(*terms, account=payer, salt=salt)
except UndecidedError as error:
    print(str(error).replace(error.action_id, "0x…"))
    waited = runline.wait(error.action_id)
    print(waited["action"], waited["state"] in ("mined", "final"))
    print({runline.post(*terms, account=payer, salt=salt)["actionId"] for _ in range(2)} == {error.action_id})
salts = [create_salt(), create_salt()]
agents = [runline.register("ipfs://agent", account=payer, salt=salts[0])["agent"]["id"] for _ in range(2)]
staked = [runline.stake(agents[0], usdc(20), account=payer, salt=salts[1])["agent"]["stakedAmount"] for _ in range(2)]
print(len(set(agents)), staked)
# The market has the true time: it answers what was made, although the client holds it for ended.
now = time.time()
time.time = lambda: now + 1_200
print(runline.post(*terms, account=payer, salt=salt)["actionId"] == waited["actionId"])
time.time = lambda: now
for salt in (create_salt(now - 600), "0x" + "12" * 32):
    try:
        runline.post(*terms, account=payer, salt=salt)
    except (ProblemError, ValueError) as error:
        print(str(error)[:30])
`)
    expect(lines).toEqual([
      'The post is undecided: RATE_LIMITED: Said by the test. It may still be made. Wait with wait("0x…").',
      'post True',
      'True',
      "1 ['20000000', '20000000']",
      'True',
      expect.stringMatching(/^SIGNATURE_EXPIRED: /),
      expect.stringMatching(/^the salt 0x1212/),
    ])
    expect(await balance()).toBe(before - 1_575_000n - 20n * usdc)
  })

  it('hashes as contracts do', async () => {
    const inputs = [0, 1, 31, 135, 136, 137, 271, 272, 273, 1_000].map((length) => randomBytes(length).toString('hex'))
    const lines = await run(`
from runline.keccak import keccak256
for text in ${JSON.stringify(inputs)}:
    print("0x" + keccak256(bytes.fromhex(text)).hex())`)
    expect(lines).toEqual(inputs.map((text) => keccak256(`0x${text}`)))
  })
})

describe.skipIf(!python)('the Python client signs nothing', () => {
  it('without the contracts that the caller trusts, and rounds no amount', async () => {
    const lines = await run(`
for call in (
    lambda: Runline("${proxy.url}", market=market).post("ipfs://task", 1, deadline, account=payer),
    lambda: runline.stake(1, 0.5, account=payer),
):
    try:
        call()
    except ValueError as error:
        print(error)
`)
    expect(lines).toEqual([
      'Runline() needs contracts=Contracts(…): the contracts that it may sign for',
      "invalid literal for int() with base 10: '0.5'",
    ])
  })
})

describe.skipIf(!python)('the Python client, 15 days later,', () => {
  it('has ended what anyone may end, and an owed payment paid', async () => {
    const { wallet } = runs.agent
    const [submitted, open, claimed, requested, early] = [
      await runs.runIn('SUBMITTED'),
      await runs.runIn('OPEN'),
      await runs.runIn('CLAIMED'),
      await runs.runIn('REVISION_REQUESTED'),
      await runs.runIn('SUBMITTED'),
    ]
    await market.indexed()
    expect(
      await run(`
try:
    runline.finalize(${early})
except ProblemError as error:
    print(error.code)`),
    ).toEqual(['TOO_EARLY'])
    await runs.people.mined(() => market.usdc.write.blacklist([wallet.address]))
    // Work periods, reviews and grace periods have seven days each.
    await market.client.increaseTime({ seconds: 15 * 86_400 })
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const lines = await run(`
print(runline.finalize(${submitted})["run"]["state"], runline.expire(${open})["run"]["state"])
print(runline.slash(${claimed})["run"]["state"], runline.reject_overdue(${requested})["run"]["state"])
`)
    expect(lines).toEqual(['APPROVED DRAFT', 'DRAFT REJECTED'])
    await runs.people.mined(() => market.usdc.write.unBlacklist([wallet.address]))
    expect(await run(`print(runline.collect("${wallet.address}")["payee"])`)).toEqual([wallet.address])
  })
})
