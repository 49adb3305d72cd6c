import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { type FaultyApi, startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, participantsOf } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { runnerOf, terminalOf } from './market.ts'

let market: TestMarket
let agent: Agent

const posterKey = keyOf(6)
const agentKey = keyOf(2)

beforeAll(async () => {
  market = await startTestMarket()
  agent = await participantsOf(market).newAgent(accountOf(2))
  await market.indexed()
  return market.stop
}, 120_000)

/** What the command prints as JSON. */
async function answerOf(key: string, ...args: string[]) {
  const { exitCode, stdout, stderr } = await runnerOf(market)(key, ...args, '--json')
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

it('a draft is funded, claimed, abandoned and withdrawn', async () => {
  await answerOf(posterKey, 'faucet', '21')
  const terms = ['--work-period', '48h', '--stake-percent', '50', '--evaluator', accountOf(7).address]
  const claimant = agent.wallet.address
  const { run, transactions } = await answerOf(
    posterKey,
    'run',
    'post',
    'ipfs://task',
    '--reward',
    '20',
    '--draft',
    '--claimant',
    claimant,
    ...terms,
  )
  expect(transactions).toHaveLength(1)
  expect(run).toMatchObject({
    state: 'DRAFT',
    workPeriod: 172_800,
    stakeRequired: '10000000',
    evaluator: accountOf(7).address,
    claimant,
  })
  const id = String(run.bountyId)
  expect((await runnerOf(market)('', 'run', 'show', id)).stdout).toContain(`\n  claimant    ${claimant}\n`)
  const funded = await answerOf(posterKey, 'run', 'fund', id)
  expect(funded.run.state).toBe('OPEN')
  expect(funded.transactions.map(({ action }: { action: string }) => action)).toEqual([
    `approve 21 USDC for ${market.market.address}`,
    `fund run ${id} with 21 USDC`,
  ])
  const listed = await answerOf(
    '',
    'run',
    'list',
    '--claimable',
    '--min-reward',
    '20',
    '--poster',
    accountOf(6).address,
  )
  expect(listed.runs).toMatchObject([{ bountyId: run.bountyId }])
  const claim = ['run', 'claim', id, '--agent', String(agent.id)]
  // Other terms than the defaults must be named.
  const { exitCode, stderr } = await runnerOf(market)(agentKey, ...claim)
  expect([exitCode, stderr]).toEqual([
    3,
    expect.stringContaining(
      `If you agree to them, add: --stake 10 --work-period 48h --evaluator ${accountOf(7).address}`,
    ),
  ])
  const named = ['--stake', '10', '--work-period', '48h', '--evaluator', accountOf(7).address]
  expect((await answerOf(agentKey, ...claim, ...named)).run.state).toBe('CLAIMED')
  expect((await answerOf(agentKey, 'run', 'abandon', id)).run.state).toBe('OPEN')
  expect((await answerOf(posterKey, 'run', 'close', id)).run).toMatchObject({ state: 'DRAFT', closing: false })
  expect((await answerOf(agentKey, 'agent', 'unstake', String(agent.id), '10')).agent.stakedAmount).toBe('0')
})

it('run list and run show print what posters wrote, and no control characters', async () => {
  const run = runnerOf(market)
  await answerOf(posterKey, 'faucet', '42')
  const brief = { title: 'Count the words', description: 'All of them.\nTwice.', acceptance: ['A number'] }
  const stored = await fetch(`${market.api.url}/api/content`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(brief),
  })
  const { uri } = (await stored.json()) as { uri: string }
  const posted = await answerOf(posterKey, 'run', 'post', uri, '--reward', '20')
  expect((await run('', 'run', 'show', String(posted.run.bountyId))).stdout).toContain(
    '  brief       Count the words\n    All of them.\n    Twice.\n  condition   A number',
  )
  await answerOf(posterKey, 'run', 'post', 'ipfs://\u001b[2J\n\u202efalse', '--reward', '20')
  const { stdout } = await run('', 'run', 'list', '--limit', '2')
  expect(stdout).toContain('  Count the words\n')
  expect(stdout).toContain('  ipfs://\\u{1b}[2J\\u{a}\\u{202e}false\n')
})

it('stores the files of briefs, deliveries and feedback, and run show prints them', async () => {
  const { path, remove } = await temporaryDirectory()
  onTestFinished(remove)
  const file = async (name: string, text: string) => {
    await writeFile(join(path, name), text)
    return join(path, name)
  }
  await answerOf(posterKey, 'faucet', '42')
  await answerOf(agentKey, 'faucet', '20')
  await answerOf(agentKey, 'agent', 'stake', String(agent.id), '20')
  const brief = await file('brief.json', JSON.stringify({ title: 'Name three rivers' }))
  const { run } = await answerOf(posterKey, 'run', 'post', '--brief', brief, '--reward', '20')
  expect(run.title).toBe('Name three rivers')
  const id = String(run.bountyId)
  await answerOf(agentKey, 'run', 'claim', id, '--agent', String(agent.id))
  const command = runnerOf(market)
  const refused = await command(agentKey, 'run', 'submit', id, 'done!')
  expect([refused.exitCode, refused.stderr]).toEqual([
    2,
    expect.stringContaining('"done!" is no URI, such as ipfs://… or https://…: the other party could not read it.'),
  ])
  const none = await command(posterKey, 'run', 'post', '--brief', await file('x.json', '{}'), '--reward', '20')
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('This is no brief')])
  const work = await file('work.md', 'Elbe, Oder\n\u001b[2J')
  expect((await command(agentKey, 'run', 'submit', id, '--file', work)).stdout).toContain(`store ${work}: ipfs://baf`)
  await answerOf(posterKey, 'run', 'revise', id, '--file', await file('feedback.md', 'Three, please.'), '--relay')
  expect((await command('', 'run', 'show', id)).stdout).toMatch(
    / {2}delivery\n {4}Elbe, Oder\n {4}\\u\{1b\}\[2J\n {2}feedback\n {4}Three, please\.$/,
  )
  const shown = await answerOf('', 'run', 'show', id)
  expect(shown).toMatchObject({ delivery: 'Elbe, Oder\n\u001b[2J', feedback: 'Three, please.' })
  expect((await answerOf(agentKey, 'run', 'submit', id, 'done!', '--unchecked')).run.deliverableHash).toBe('done!')
  expect((await answerOf(posterKey, 'run', 'approve', id)).run.state).toBe('APPROVED')
})

it('a run whose claimant is its poster is shown without one, and refuses every wallet', async () => {
  await answerOf(posterKey, 'faucet', '21')
  const toNone = ['--reward', '20', '--claimant', accountOf(6).address]
  const id = String((await answerOf(posterKey, 'run', 'post', 'ipfs://task', ...toNone)).run.bountyId)
  expect((await runnerOf(market)('', 'run', 'show', id)).stdout).toContain('\n  claimant    none named yet\n')
  const { exitCode, stderr } = await runnerOf(market)(agentKey, 'run', 'claim', id, '--agent', String(agent.id))
  expect(exitCode).toBe(3)
  expect(stderr).toContain('`run list --claimable` shows the runs that can be claimed.')
})

it('an agent applies for a run whose poster chooses, is listed, and withdraws', async () => {
  await answerOf(posterKey, 'faucet', '21')
  const toNone = ['--reward', '20', '--claimant', accountOf(6).address]
  const id = String((await answerOf(posterKey, 'run', 'post', 'ipfs://task', ...toNone)).run.bountyId)
  const by = ['run', 'apply', id, '--agent', String(agent.id)]
  const nameless = await runnerOf(market)(agentKey, ...by)
  expect([nameless.exitCode, nameless.stderr]).toEqual([2, expect.stringContaining('Name what the poster reads')])
  expect(await answerOf(agentKey, ...by, '--note', 'I know\nrivers')).toMatchObject({ success: true })
  const { stdout } = await runnerOf(market)('', 'run', 'applications', id)
  // The tests before this one may have completed runs of the agent.
  const { completions, slashes } = (await answerOf('', 'agent', 'show', String(agent.id))).agent
  expect(stdout).toContain(
    `${agent.id}  ${agent.wallet.address}  ${completions} completed, ${slashes} slashed, earned `,
  )
  expect(stdout).toMatch(/, earned [\d.,]+ USDC, 20 USDC at stake\n/)
  expect(stdout).toContain('    I know\n    rivers\n1 of 1 applications')
  expect(await answerOf(agentKey, ...by, '--withdraw')).toMatchObject({ success: true })
  expect(await answerOf('', 'run', 'applications', id)).toMatchObject({ applications: [] })
})

it('run list sorts, pages by cursor, and finds the runs of an evaluator', async () => {
  await answerOf(posterKey, 'faucet', '42')
  const evaluator = accountOf(9).address
  for (const reward of ['12', '11']) {
    await answerOf(posterKey, 'run', 'post', 'ipfs://task', '--reward', reward, '--evaluator', evaluator)
  }
  const list = ['run', 'list', '--evaluator', evaluator, '--sort', 'reward', '--limit', '1']
  const first = await answerOf('', ...list)
  expect(first.runs).toMatchObject([{ reward: '12000000' }])
  const { nextCursor } = first.pagination
  expect((await runnerOf(market)('', ...list)).stdout).toContain(`\nThe next page: --cursor ${nextCursor}`)
  expect((await answerOf('', ...list, '--cursor', nextCursor)).runs).toMatchObject([{ reward: '11000000' }])
  expect((await answerOf('', ...list, '--order', 'asc')).runs).toMatchObject([{ reward: '11000000' }])
})

it('agent list prints agents, by status and page', async () => {
  const { agents } = await answerOf('', 'agent', 'list', '--limit', '1')
  expect(agents.map(({ id }: { id: number }) => id)).toEqual([Number(agent.id)])
  expect((await answerOf('', 'agent', 'list', '--status', 'BANNED')).agents).toEqual([])
  expect((await answerOf('', 'agent', 'list', '--status', 'UNVERIFIED', '--staked')).agents).toEqual([])
  const { stdout } = await runnerOf(market)('', 'agent', 'list', '--page', '2', '--limit', '100')
  expect(stdout).toBe('0 of 1 agents')
  const { exitCode, stderr } = await runnerOf(market)('', 'agent', 'list', '--status', 'GOOD')
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Allowed choices are UNVERIFIED, PROVISIONAL')])
})

it('without ether, agents and runs live by signatures', { timeout: 300_000 }, async () => {
  const [workerKey, ownerKey] = [generatePrivateKey(), generatePrivateKey()]
  const accounts = [workerKey, ownerKey].map((key) => privateKeyToAccount(key).address)
  for (const address of accounts) await market.usdc.write.mint([address, 50_000_000n])
  const relayed = (key: string, ...args: string[]) => answerOf(key, ...args, '--relay')
  const id = String((await relayed(workerKey, 'agent', 'register', 'ipfs://agent')).agent.id)
  expect((await relayed(workerKey, 'agent', 'stake', id, '25')).agent.stakedAmount).toBe('25000000')
  const post = async () => {
    const { run, transactions } = await relayed(ownerKey, 'run', 'post', 'ipfs://task', '--reward', '20')
    // A signed payment needs no approval.
    expect(transactions).toHaveLength(1)
    return String(run.bountyId)
  }
  const [paid, closed] = [await post(), await post()]
  const claimed = async (runId: string) => (await answerOf(workerKey, 'run', 'claim', runId, '--agent', id)).run.state
  const stateAfter = async (key: string, ...args: string[]) => (await relayed(key, 'run', ...args)).run.state
  expect(await claimed(paid)).toBe('CLAIMED')
  expect(await stateAfter(workerKey, 'start', paid)).toBe('IN_PROGRESS')
  expect(await stateAfter(workerKey, 'submit', paid, 'ipfs://work')).toBe('SUBMITTED')
  expect(await stateAfter(ownerKey, 'revise', paid, 'ipfs://feedback')).toBe('REVISION_REQUESTED')
  expect(await stateAfter(workerKey, 'submit', paid, 'ipfs://revised')).toBe('SUBMITTED')
  expect(await stateAfter(ownerKey, 'approve', paid)).toBe('APPROVED')
  expect(await claimed(closed)).toBe('CLAIMED')
  expect(await stateAfter(ownerKey, 'close', closed)).toBe('CLAIMED')
  expect(await stateAfter(workerKey, 'abandon', closed)).toBe('DRAFT')
  const { exitCode, stderr } = await runnerOf(market)(ownerKey, 'run', 'reject', paid, '--relay')
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('APPROVED')])
  // The abandoned claim cost its stake, a tenth of the reward.
  expect((await relayed(workerKey, 'agent', 'unstake', id, '23')).agent.stakedAmount).toBe('0')
  expect(await Promise.all(accounts.map((address) => market.usdc.read.balanceOf([address])))).toEqual([
    68_000_000n,
    29_000_000n,
  ])
  for (const address of accounts) expect(await market.client.getBalance({ address })).toBe(0n)
})

it('watch prints the changes of a run until its evaluator rejects it', async () => {
  await answerOf(posterKey, 'faucet', '21')
  await answerOf(agentKey, 'faucet', '20')
  await answerOf(agentKey, 'agent', 'stake', String(agent.id), '20')
  const evaluator = accountOf(7).address
  const { run } = await answerOf(posterKey, 'run', 'post', 'ipfs://task', '--reward', '20', '--evaluator', evaluator)
  const id = String(run.bountyId)
  const watched = runnerOf(market)('', 'run', 'watch', id)
  await answerOf(agentKey, 'run', 'claim', id, '--agent', String(agent.id), '--evaluator', evaluator)
  await answerOf(agentKey, 'run', 'submit', id, 'ipfs://work')
  expect((await answerOf(keyOf(7), 'run', 'reject', id)).run.state).toBe('REJECTED')
  const { stdout, exitCode } = await watched
  expect(exitCode).toBe(0)
  expect(stdout.split('\n').at(-1)).toBe(`Run ${id} is REJECTED, claimed by agent ${agent.id}; claims 1, revisions 0`)
})

it('a delivery is approved by its revision, in a run that its poster has closed', async () => {
  await answerOf(posterKey, 'faucet', '42')
  await answerOf(agentKey, 'faucet', '20')
  await answerOf(agentKey, 'agent', 'stake', String(agent.id), '20')
  const claimed = async () => {
    const { run } = await answerOf(posterKey, 'run', 'post', 'ipfs://task', '--reward', '20')
    const id = String(run.bountyId)
    await answerOf(agentKey, 'run', 'claim', id, '--agent', String(agent.id))
    return id
  }
  const id = await claimed()
  const { stdout } = await runnerOf(market)(posterKey, 'run', 'close', id)
  expect(stdout).toContain('The run is closing: if the claim is lost, the escrow returns to the poster.')
  await answerOf(agentKey, 'run', 'submit', id, 'ipfs://work')
  await answerOf(posterKey, 'run', 'revise', id, 'ipfs://feedback')
  await answerOf(agentKey, 'run', 'submit', id, 'ipfs://garbage')
  const refused = await runnerOf(market)(posterKey, 'run', 'approve', id, '--revision', '0')
  expect([refused.exitCode, refused.stderr]).toEqual([
    3,
    expect.stringContaining(`WrongRevision(bountyId ${id}, revision 0, actual 1)`),
  ])
  expect((await answerOf(posterKey, 'run', 'approve', id)).run.state).toBe('APPROVED')

  const revised = await claimed()
  await answerOf(agentKey, 'run', 'submit', revised, 'ipfs://work')
  await answerOf(posterKey, 'run', 'revise', revised, 'ipfs://feedback')
  expect((await answerOf(posterKey, 'run', 'approve', revised)).run.state).toBe('APPROVED')
})

it('asks on a terminal before it posts, abandons, approves and rejects, and shows what that is about', async () => {
  const terminal = terminalOf(market)
  await answerOf(posterKey, 'faucet', '105')
  await answerOf(agentKey, 'faucet', '20')
  await answerOf(agentKey, 'agent', 'stake', String(agent.id), '20')
  const post = ['run', 'post', 'ipfs://task', '--reward', '20', '--evaluator', accountOf(6).address]
  const before = await market.market.read.bountyCount()
  for (const typed of ['\r', 'n\r', '\u0003', '\u0004']) {
    const refused = await terminal(posterKey, typed, ...post)
    expect([typed, refused.exitCode]).toEqual([typed, 3])
    expect(refused.shown).toContain('Post a run of 20 USDC and a fee of 1 USDC? [y/N]')
    expect(refused.shown).toContain('You did not answer y: nothing was signed or sent.')
  }
  expect(await market.market.read.bountyCount()).toBe(before)
  const posted = await terminal(posterKey, 'y\r', ...post)
  expect([posted.exitCode, posted.shown]).toEqual([
    0,
    expect.stringMatching(/ {2}brief {7}ipfs:\/\/task\n {2}claim by/),
  ])
  const id = String(before + 1n)
  await answerOf(agentKey, 'run', 'claim', id, '--agent', String(agent.id), '--evaluator', accountOf(6).address)
  const kept = await terminal(agentKey, 'n\r', 'run', 'abandon', id)
  expect(kept.shown).toContain(`Abandon run ${id}? 2 USDC of the stake are burned. [y/N]`)
  await answerOf(agentKey, 'run', 'submit', id, 'ipfs://work')
  await answerOf(posterKey, 'run', 'revise', id, 'ipfs://feedback')
  await answerOf(agentKey, 'run', 'submit', id, 'ipfs://revised')
  const shown = await terminal(posterKey, 'n\r', 'run', 'reject', id)
  expect(shown.shown).toContain(`Delivery 2 of run ${id}: ipfs://revised\n`)
  expect(shown.shown).toContain('The fee of 1 USDC and the agent’s stake of 2 USDC are burned. [y/N]')
  const approved = await terminal(posterKey, 'y\r', 'run', 'approve', id, '--relay')
  expect(approved.shown).toContain(
    `Delivery 2 of run ${id}: ipfs://revised\nApprove delivery 2 of run ${id}, and pay 20 USDC to ${agent.wallet.address}? [y/N]`,
  )
  expect([approved.exitCode, approved.shown]).toEqual([0, expect.stringContaining(`Run ${id} is APPROVED.`)])
  const unasked = await terminal(posterKey, '', ...post, '--yes')
  expect([unasked.exitCode, unasked.shown]).toEqual([0, expect.not.stringContaining('[y/N]')])
}, 120_000)

it('a review names the delivery that it is about, without a terminal too', async () => {
  await answerOf(posterKey, 'faucet', '21')
  await answerOf(agentKey, 'faucet', '20')
  await answerOf(agentKey, 'agent', 'stake', String(agent.id), '20')
  const id = String((await answerOf(posterKey, 'run', 'post', 'ipfs://task', '--reward', '20')).run.bountyId)
  await answerOf(agentKey, 'run', 'claim', id, '--agent', String(agent.id))
  await answerOf(agentKey, 'run', 'submit', id, 'ipfs://work')
  const command = runnerOf(market)
  expect((await command(posterKey, 'run', 'revise', id, 'ipfs://x', '--dry-run')).stdout).toContain(
    `Delivery 1 of run ${id}: ipfs://work\n`,
  )
  expect((await command(posterKey, 'run', 'approve', id)).stdout).toContain(`Delivery 1 of run ${id}: ipfs://work\n`)
})

it('without ether it relays by itself, pays once for a salt, and waits for an action by its id', async () => {
  const key = generatePrivateKey()
  const { address } = privateKeyToAccount(key)
  await market.usdc.write.mint([address, 100_000_000n])
  const { salt } = await answerOf('', 'salt')
  const post = ['run', 'post', 'ipfs://task', '--reward', '20', '--salt', salt]
  const first = await answerOf(key, ...post)
  const second = await answerOf(key, ...post)
  expect(second.run.bountyId).toBe(first.run.bountyId)
  expect(await market.usdc.read.balanceOf([address])).toBe(79_000_000n)
  expect((await answerOf(key, 'run', 'close', String(first.run.bountyId))).run.state).toBe('DRAFT')
  const { actionId } = second.transactions[0]
  expect(await answerOf('', 'action', 'wait', actionId)).toMatchObject({
    action: { txHash: second.transactions[0].txHash },
  })
  const refused = await runnerOf(market)('', 'action', 'wait', '0x12')
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('Give 0x and 64 hexadecimal digits.')])
})

it('runs whose time limits have passed are ended, and a deferred payment is collected', async () => {
  const { usdc, client } = market
  const payee = accountOf(2).address
  await answerOf(posterKey, 'faucet', '105')
  await answerOf(agentKey, 'faucet', '100')
  await answerOf(agentKey, 'agent', 'stake', String(agent.id), '100')
  const post = async (...options: string[]) => {
    const { run } = await answerOf(posterKey, 'run', 'post', 'ipfs://task', '--reward', '20', ...options)
    return String(run.bountyId)
  }
  const claim = async () => {
    const id = await post()
    await answerOf(agentKey, 'run', 'claim', id, '--agent', String(agent.id))
    return id
  }
  const unclaimed = await post('--deadline', '1h')
  const unreviewed = await claim()
  const abandoned = await claim()
  const unrevised = await claim()
  const late = await claim()
  for (const id of [unreviewed, unrevised, late]) await answerOf(agentKey, 'run', 'submit', id, 'ipfs://work')
  await answerOf(posterKey, 'run', 'revise', unrevised, 'ipfs://feedback')
  await client.increaseTime({ seconds: 8 * 86_400 })
  // Calls are simulated on the latest block, which has the new time from now on.
  await client.mine({ blocks: 1 })

  const stateAfter = async (verb: string, id: string, ...options: string[]) =>
    (await answerOf(posterKey, 'run', verb, id, ...options)).run.state
  expect(await stateAfter('expire', unclaimed)).toBe('DRAFT')
  await usdc.write.blacklist([payee])
  expect(await stateAfter('finalize', unreviewed)).toBe('APPROVED')
  expect(await stateAfter('slash', abandoned)).toBe('OPEN')
  expect(await stateAfter('reject-overdue', unrevised)).toBe('REJECTED')

  const before = await usdc.read.balanceOf([payee])
  await usdc.write.unBlacklist([payee])
  await client.setBalance({ address: accountOf(6).address, value: 0n })
  expect(await stateAfter('finalize', late, '--relay')).toBe('APPROVED')
  expect(await answerOf(posterKey, 'collect', payee, '--relay')).toMatchObject({ payee, amount: '20000000' })
  expect(await usdc.read.balanceOf([payee])).toBe(before + 40_000_000n)
}, 180_000)

describe('--verify', () => {
  let lying: FaultyApi
  let runId: string

  beforeAll(async () => {
    lying = await startFaultyApi(market.api.url)
    runId = String(await participantsOf(market).openRun())
    await market.indexed()
    return lying.stop
  })

  /** Runs the command against the lying API. */
  const verified = (...args: string[]) =>
    runnerOf({ api: { ...market.api, url: lying.url }, rpcUrl: market.rpcUrl })('', ...args, '--verify')

  it('shows what the node proves, and what it does not', async () => {
    const shown = await verified('run', 'show', runId)
    expect([shown.exitCode, shown.stderr]).toEqual([0, ''])
    expect(shown.stdout).toMatch(/is OPEN\.[\s\S]*\nVerified with your node at block \d+\. Not proven: title, summary,/)
    const listed = await verified('run', 'list', '--limit', '1', '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject({
      runs: [{ bountyId: Number(runId) }],
      verified: { blockHash: expect.stringMatching(/^0x/), unproven: ['pagination', 'title', 'summary', 'tags'] },
    })
    const { stdout } = await verified('agent', 'show', String(agent.id))
    expect(stdout).toContain('Not proven: volume, feesPaid, name, description.')
  })

  it('refuses a lie, and names the member with both values', async () => {
    lying.answerWith((json, path) => (path.startsWith('/api/runs/') ? { ...json, reward: '999000000' } : json))
    const { exitCode, stdout, stderr } = await verified('run', 'show', runId)
    expect([exitCode, stdout]).toEqual([3, ''])
    expect(stderr).toContain(`run ${runId} has reward "999000000", not "100000000"`)
  })

  it('names a node that does not answer', async () => {
    const runner = runnerOf({ api: market.api, rpcUrl: 'http://127.0.0.1:1' })
    const { exitCode, stderr } = await runner('', 'run', 'show', runId, '--verify', '--json')
    expect([exitCode, JSON.parse(stderr).error.code]).toEqual([4, 'NODE_UNREACHABLE'])
  })
})
