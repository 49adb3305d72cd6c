import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keyOf } from '../../tools/devnet/accounts.ts'
import {
  type claimTerms,
  honestMessage,
  type Lie,
  liesOf,
  lyingMessage,
  readAgent,
  readRun,
  stranger,
  trusted,
} from '../support/hostileMessages.ts'
import { python, startPython } from '../support/python.ts'

/** The terms on chain of runs that the first member of a path names. */
const otherTerms: Record<string, Partial<typeof claimTerms>> = {
  stake: { stake: 10_000_001n },
  lowStake: { stake: 1_000_000n },
  highReward: { reward: 1_000_000_000n, stake: 50_000_000n },
  tooMuch: { reward: 1_000_000_000n, stake: 50_000_001n },
  workPeriod: { workPeriod: 3_600n },
  evaluator: { evaluator: stranger },
  all: { stake: 100_000_000n, workPeriod: 3_600n, evaluator: stranger },
}

/** An API that lies as the first member of the path says, and says of all that is sent that it is done. */
async function startLyingApi() {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json')
    if (request.method === 'POST') return response.end('{"success":true}')
    const [, lie = '', ...path] = (request.url ?? '').split('/')
    const url = new URL(path.join('/'), 'http://localhost')
    const terms = otherTerms[lie]
    const typedData = terms ? honestMessage(url, terms) : lyingMessage(url, lie === 'none' ? undefined : (lie as Lie))
    response.end(JSON.stringify({ ...typedData, body: {}, typedData }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The lines that a program prints. `attempt` prints whether the account has signed where the API lies so. */
async function run(program: string): Promise<string[]> {
  const { USDC, SignedFunding, AgentStaking, AgentRegistry, BountyMarket } = trusted.contracts
  const { stdout } = await startPython(`
from eth_account import Account
from runline import Contracts, Market, Runline, UnexpectedMessageError

market = Market(${trusted.chainId}, "${BountyMarket}")
contracts = Contracts("${USDC}", "${SignedFunding}", "${AgentStaking}", "${AgentRegistry}")
signer = Account.from_key("${keyOf(2)}")
run = {**${JSON.stringify({ ...readRun, evaluator: '' })}, "evaluator": None}
agent = ${JSON.stringify(readAgent)}
sign = signer.sign_typed_data
signed = []
signer.sign_typed_data = lambda **message: signed.append(message) or sign(**message)
def attempt(name, lie, act):
    signed.clear()
    try:
        act(Runline("${await startLyingApi()}/" + lie, market=market, contracts=contracts))
    except UnexpectedMessageError:
        print(name, lie, "refused" if not signed else "signed and refused")
    else:
        print(name, lie, "signed", len(signed))
${program}`)
  return stdout.split('\n')
}

describe.skipIf(!python)('the Python client', () => {
  it('signs what an honest API asks, once, and nothing where it lies about any member', async () => {
    const lines = await run(`
acts = {
    "claim": lambda runline: runline.claim(run, agent_id=3, account=signer),
    "start": lambda runline: runline.start(run, account=signer),
    "submit": lambda runline: runline.submit(run, "ipfs://Work", account=signer),
    "abandon": lambda runline: runline.abandon(run, account=signer),
    "approve": lambda runline: runline.approve(run, revision=1, account=signer),
    "revise": lambda runline: runline.revise(run, "ipfs://Feedback", revision=1, account=signer),
    "reject": lambda runline: runline.reject(run, revision=1, account=signer),
    "close": lambda runline: runline.close(run, account=signer),
    "name-claimant": lambda runline: runline.name_claimant(run, "0x90F79bf6EB2c4f870365E785982E1f101E93b906", account=signer),
    "post": lambda runline: runline.post("ipfs://Task", 100_000_000, 1_900_000_000, account=signer),
    "register": lambda runline: runline.register("ipfs://Agent", account=signer),
    "stake": lambda runline: runline.stake(3, 20_000_000, account=signer),
    "unstake": lambda runline: runline.unstake(agent, 20_000_000, account=signer),
}
lies = ${JSON.stringify(liesOf)}
for name, act in acts.items():
    attempt(name, "none", act)
    for lie in lies[name]:
        attempt(name, lie, act)
`)
    const expected = Object.entries(liesOf).flatMap(([name, lies]) => [
      `${name} none signed 1`,
      ...lies.map((lie) => `${name} ${lie} refused`),
    ])
    expect(lines).toEqual(expected)
  })

  it('claims with the market’s defaults, or with the terms that the caller has read or expects', async () => {
    const lines = await run(`
claim = lambda read, expected=None: lambda runline: runline.claim(read, agent_id=3, account=signer, expected=expected)
for lie in ["stake", "tooMuch", "workPeriod", "evaluator", "all", "lowStake", "highReward"]:
    attempt("default", lie, claim(7))
other = {"stake": 100_000_000, "workPeriod": 3_600, "evaluator": "${stranger}"}
read = {**run, "stakeRequired": "100000000", "workPeriod": 3_600, "evaluator": "${stranger}"}
attempt("read", "all", claim(read))
attempt("read", "stake", claim(read))
attempt("expected", "all", claim(7, other))
attempt("expected", "all", claim(7, {**other, "stake": 99_000_000}))
attempt("expected", "all", claim(7, {**other, "evaluator": None}))
attempt("expected", "all", claim(7, {**other, "round": 4}))
`)
    expect(lines).toEqual([
      ...['stake', 'tooMuch', 'workPeriod', 'evaluator', 'all'].map((term) => `default ${term} refused`),
      'default lowStake signed 1',
      'default highReward signed 1',
      'read all signed 1',
      'read stake refused',
      'expected all signed 1',
      ...Array.from({ length: 3 }, () => 'expected all refused'),
    ])
  })

  it('stakes for an agent of another owner only if the caller names the owner', async () => {
    const lines = await run(`
attempt("stake", "query.owner", lambda runline: runline.stake(3, 1, account=signer))
attempt("stake", "query.owner", lambda runline: runline.stake({"id": 3, "ownerAddress": "${stranger}"}, 1, account=signer))
`)
    expect(lines).toEqual(['stake query.owner refused', 'stake query.owner signed 1'])
  })
})
