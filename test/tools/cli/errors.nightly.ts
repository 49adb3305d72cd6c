import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Hex, zeroAddress } from 'viem'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { explain } from '../../../packages/cli/src/explain.ts'
import { createOutput } from '../../../packages/cli/src/output.ts'
import { UndecidedError } from '../../../packages/client/src/index.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startFaultyApi } from '../../support/faultyApi.ts'
import { startHttpProxy } from '../../support/httpProxy.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'
import { runnerOf } from './market.ts'

let market: TestMarket
let people: Participants
let run: ReturnType<typeof runnerOf>
let agent: Agent
let poor: Agent
let runId: string
let deliveredId: string

const posterKey = keyOf(roles.deployer)
const agentKey = keyOf(2)
const poorKey = keyOf(5)
const unreachable = 'http://127.0.0.1:1'

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  run = runnerOf(market)
  agent = await people.newAgent(accountOf(2))
  poor = await people.newAgent(accountOf(5), 0n)
  runId = String(await people.openRun())
  const delivered = await people.openRun()
  deliveredId = String(delivered)
  const account = agent.wallet.address
  await people.mined(() => market.market.write.claimBounty([delivered, agent.id], { account }))
  await people.mined(() => market.market.write.submitWork([delivered, 'ipfs://work'], { account }))
  await market.indexed()
  return market.stop
}, 120_000)

const USAGE = 2
const REFUSED = 3
const UNREACHABLE = 4

/** What a command does with `--dry-run`. `exits`: 0 if it simulates, REFUSED where the contract refuses that, USAGE if it has none. */
type DryRun = { args?: string[]; key?: Hex; exits?: number }

/** All commands: those that sign, and those that only read. */
const dryRuns: Record<string, DryRun | 'reads'> = {
  faucet: { args: ['5'] },
  'agent register': { args: ['ipfs://agent'] },
  'agent stake': { args: ['AGENT', '20'], exits: REFUSED },
  'agent unstake': { args: ['AGENT', '1'], exits: REFUSED },
  'agent list': 'reads',
  'agent show': 'reads',
  'run list': 'reads',
  'run show': 'reads',
  'run applications': 'reads',
  'run watch': 'reads',
  'run post': { args: ['ipfs://task', '--reward', '1', '--draft'] },
  'run fund': { args: ['RUN'], key: posterKey, exits: REFUSED },
  'run claim': { args: ['RUN', '--agent', 'AGENT'] },
  'run apply': { args: ['RUN', '--agent', 'AGENT', '--note', 'I know rivers'], exits: USAGE },
  'run start': { args: ['RUN'], exits: REFUSED },
  'run submit': { args: ['RUN', '--file', 'package.json'], exits: REFUSED },
  'run abandon': { args: ['RUN', '--relay'], exits: REFUSED },
  'run revise': { args: ['DELIVERED', '--file', 'package.json'], key: posterKey },
  'run approve': { args: ['DELIVERED', '--relay'], key: posterKey },
  'run reject': { args: ['DELIVERED'], key: posterKey, exits: REFUSED },
  'run close': { args: ['RUN'], key: posterKey },
  'run name-claimant': { args: ['RUN', zeroAddress], key: posterKey, exits: REFUSED },
  'run expire': { args: ['RUN', '--relay'], exits: REFUSED },
  'run finalize': { args: ['DELIVERED'], exits: REFUSED },
  'run slash': { args: ['DELIVERED'], exits: REFUSED },
  'run reject-overdue': { args: ['DELIVERED'], exits: REFUSED },
  collect: { exits: REFUSED },
  'action wait': 'reads',
  salt: 'reads',
  mcp: { exits: USAGE },
  // It does not end: its dry run is in evaluator.nightly.ts.
  evaluator: 'reads',
}

const signing = Object.entries(dryRuns).filter((entry): entry is [string, DryRun] => entry[1] !== 'reads')

/** The error that the command prints as JSON. */
async function errorOf(exits: number, key: string, ...args: string[]) {
  const { exitCode, stdout, stderr } = await run(key, ...args, '--json')
  expect([exitCode, stdout]).toEqual([exits, ''])
  const { error, transactions } = JSON.parse(stderr)
  expect(transactions).toEqual([])
  return error
}

const refusalOf = (key: string, ...args: string[]) => errorOf(REFUSED, key, ...args)

describe('the command line', () => {
  it('refuses what is no key, and does not print it', async () => {
    const { exitCode, stderr } = await run('0xc0ffee', 'run', 'approve', runId)
    expect(exitCode).toBe(USAGE)
    expect(stderr).toContain('RUNLINE_KEY has no private key, which is 64 hexadecimal digits: it has 6 characters.')
    expect(stderr).not.toContain('c0ffee')
    expect((await errorOf(USAGE, '0'.repeat(64), 'run', 'approve', runId)).code).toBe('INVALID_KEY')
    expect((await errorOf(USAGE, '', 'run', 'approve', runId)).code).toBe('NO_KEY')
    const missing = await errorOf(USAGE, agentKey, 'run', 'approve', runId, '--key-file', '/no/such.key')
    expect(missing.message).toContain('/no/such.key cannot be read')
  })

  it('warns of a key file that other users may read', async () => {
    const { path, remove } = await temporaryDirectory()
    const file = join(path, 'agent.key')
    const show = () => run('', 'run', 'close', runId, '--key-file', file, '--dry-run')
    await writeFile(file, agentKey, { mode: 0o644 })
    expect((await show()).stderr).toContain(`may read the key file ${file} (mode 644): chmod 600 ${file}`)
    await chmod(file, 0o600)
    const { stderr } = await show()
    expect(stderr).not.toContain('warning')
    expect(stderr).toContain('NotPoster')
    await remove()
  })

  it('names the account that the contract expects instead of the key’s', async () => {
    expect(await refusalOf(agentKey, 'run', 'close', runId)).toEqual({
      code: 'NotPoster',
      message: `The contract refuses: NotPoster(bountyId ${runId}, caller ${agent.wallet.address}, poster ${people.poster}). Use the key of that account.`,
    })
    expect((await refusalOf(posterKey, 'run', 'claim', runId, '--agent', String(agent.id))).code).toBe(
      'WALLET_MISMATCH',
    )
  })

  it('says how much stake a claim lacks, in a dry run too', async () => {
    const claim = ['run', 'claim', runId, '--agent', String(poor.id)]
    const { code, message } = await refusalOf(poorKey, ...claim)
    expect(code).toBe('INSUFFICIENT_STAKE')
    expect(message).toMatch(/ 20 USDC.*Stake more with `agent stake`\.$/)
    expect((await refusalOf(poorKey, ...claim, '--dry-run')).message).toBe(
      `The contract refuses: InsufficientStake(agentId ${poor.id}, staked 0 USDC, required 20 USDC). Stake more with \`agent stake\`.`,
    )
  })

  it('names the state of a run that is not open', async () => {
    const withdrawn = String(await people.openRun())
    await people.mined(() => market.market.write.closeBounty([BigInt(withdrawn)]))
    await market.indexed()
    const { code, message } = await refusalOf(agentKey, 'run', 'claim', withdrawn, '--agent', String(agent.id))
    expect(code).toBe('RUN_NOT_OPEN')
    expect(message).toContain(`Run ${withdrawn} is DRAFT`)
    expect((await refusalOf(agentKey, 'run', 'submit', runId, 'ipfs://work')).message).toContain(
      `InvalidState(bountyId ${runId}, state OPEN)`,
    )
  })

  it('says that a run is unknown', async () => {
    expect((await refusalOf(agentKey, 'run', 'show', '999')).code).toBe('RUN_NOT_FOUND')
    expect((await refusalOf(posterKey, 'run', 'close', '999')).message).toContain('BountyNotFound(bountyId 999)')
    expect((await refusalOf(posterKey, 'run', 'approve', '999')).code).toBe('RUN_NOT_FOUND')
    const { exitCode, stderr } = await run(agentKey, 'run', 'show', 'first')
    expect(stderr).toContain('Give an id, such as 39.')
    expect(exitCode).toBe(USAGE)
  })

  it('names the limits of a reward, and the balance that is too low', async () => {
    expect(
      (await refusalOf(poorKey, 'run', 'post', 'ipfs://task', '--reward', '0.001', '--dry-run')).message,
    ).toContain('RewardOutOfRange(reward 0.001 USDC, minimum 0.01 USDC, maximum 1000000000 USDC)')
    const { code, message } = await refusalOf(poorKey, 'agent', 'stake', String(poor.id), '20', '--dry-run')
    expect(code).toBe('ERC20InsufficientBalance')
    expect(message).toContain('balance 0 USDC, needed 20 USDC')
  })

  it('names the API or the node that does not answer', async () => {
    const api = await errorOf(UNREACHABLE, agentKey, 'run', 'list', '--api', unreachable)
    expect(api.code).toBe('API_UNREACHABLE')
    expect(api.message).toContain(unreachable)
    const node = await errorOf(UNREACHABLE, posterKey, 'run', 'close', runId, '--rpc', unreachable)
    expect(node.code).toBe('NODE_UNREACHABLE')
    expect(node.message).toContain(unreachable)
  })

  it('signs for no other market than the one that the user names', async () => {
    const other = people.poster
    const { code, message } = await errorOf(USAGE, posterKey, 'run', 'close', runId, '--market', other)
    expect(code).toBe('WRONG_MARKET')
    expect(message).toContain(`serves market ${market.market.address}, not ${other}`)
  })

  it('prints what it waits for and why, and in an object of JSON nothing else', async () => {
    const faulty = await startFaultyApi(market.api.url)
    onTestFinished(faulty.stop)
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '1' }
    const body = JSON.stringify({ status: 503, code: 'INDEX_BEHIND', detail: 'Said by the test.' })
    const shown = async (...args: string[]) => {
      faulty.faults.push({ status: 503, headers, body })
      return runnerOf({ api: { ...market.api, url: faulty.url }, rpcUrl: market.rpcUrl })('', 'run', 'list', ...args)
    }
    expect((await shown()).stderr).toBe(
      `wait 1 s: GET ${faulty.url}/api/runs?limit=20&sort=createdAt&order=desc: INDEX_BEHIND: Said by the test.`,
    )
    expect((await shown('--json')).stderr).toBe('')
  })

  it('names what the server does not relay, before anything is signed', async () => {
    const some = await startApi({
      ...market,
      port: 0,
      relayerKey: keyOf(roles.relayer),
      env: { RELAY_ACTIONS: 'start' },
    })
    onTestFinished(some.stop)
    const start = performance.now()
    const close = ['run', 'close', runId, '--relay', '--json']
    const { exitCode, stderr } = await runnerOf({ api: some, rpcUrl: market.rpcUrl })(posterKey, ...close)
    expect([exitCode, JSON.parse(stderr).error.message]).toEqual([UNREACHABLE, 'This server does not relay close.'])
    // An action of the relay is repeated for 120 s.
    expect(performance.now() - start).toBeLessThan(60_000)
  })

  it('names an action that is undecided at its timeout, and how to wait for it', () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue()
    const exitCode = process.exitCode
    const error = new UndecidedError('The post', 'it is signed.', '0x12')
    createOutput({ json: true }).fail(explain(error, { rpc: market.rpcUrl }))
    expect([process.exitCode, JSON.parse(String(printed.mock.lastCall)).error]).toEqual([
      1,
      {
        code: 'ACTION_UNDECIDED',
        message: 'The post is undecided: it is signed. It may still be made. Wait with `action wait 0x12`.',
        actionId: '0x12',
      },
    ])
    process.exitCode = exitCode
    printed.mockRestore()
  })

  it('sends nothing in a dry run, and shows what it would send', async () => {
    const poster = accountOf(6)
    await people.mined(() => market.usdc.write.mint([poster.address, 105n * usdc]))
    const post = ['run', 'post', 'ipfs://task', '--reward', '100', '--dry-run']
    const { stdout } = await run(keyOf(6), ...post)
    expect(stdout.split('\n')).toEqual([
      `approve 105 USDC for ${market.market.address}: would succeed; nothing was sent`,
      'post a run of 100 USDC and a fee of 5 USDC: would succeed; nothing was sent',
    ])
    expect((await run(agentKey, 'run', 'claim', runId, '--agent', String(agent.id), '--dry-run')).exitCode).toBe(0)
    expect((await run(keyOf(6), 'faucet', '5', '--dry-run')).exitCode).toBe(0)
    expect(await market.client.getTransactionCount({ address: poster.address })).toBe(0)
    expect(await market.usdc.read.balanceOf([poster.address])).toBe(105n * usdc)
    expect((await market.market.read.getBounty([BigInt(runId)])).round).toBe(0)
  })

  it('has a command for each line of the table of dry runs', async () => {
    const namesIn = async (...group: string[]) => {
      const { stdout } = await run('', ...group, '--help')
      const [, list = ''] = /\nCommands:\n([\s\S]*?)(\n\n|$)/.exec(stdout) ?? []
      return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
        .map(([, name]) => String(name))
        .filter((name) => name !== 'help')
    }
    const commands: string[] = []
    for (const group of await namesIn()) {
      const names = await namesIn(group)
      commands.push(...(names.length === 0 ? [group] : names.map((name) => `${group} ${name}`)))
    }
    expect(commands.toSorted()).toEqual(Object.keys(dryRuns).toSorted())
  }, 60_000)

  it.each(signing)('%s --dry-run sends nothing', async (command, { args = [], key = agentKey, exits = 0 }) => {
    const sent: string[] = []
    const watched = async (url: string) => {
      const proxy = await startHttpProxy(url, async ({ method, path, body }, forward) => {
        const isSent = /"method":"(eth_send|anvil_)/.test(body)
        if (isSent || (method !== 'GET' && path.startsWith('/api'))) sent.push(`${method} ${path} ${body}`)
        return forward()
      })
      onTestFinished(proxy.stop)
      return proxy.url
    }
    const api = { ...market.api, url: await watched(market.api.url) }
    const watchedRun = runnerOf({ api, rpcUrl: await watched(market.rpcUrl) })
    const ids: Record<string, string> = { RUN: runId, DELIVERED: deliveredId, AGENT: String(agent.id) }
    const given = args.map((arg) => ids[arg] ?? arg)
    const { exitCode, stdout, stderr } = await watchedRun(key, ...command.split(' '), ...given, '--dry-run')
    expect([exitCode, sent], stderr).toEqual([exits, []])
    if (exits === 0) expect(stdout).toContain('would succeed; nothing was sent')
    if (exits === USAGE) expect(stderr).toContain(`${command} has no --dry-run.`)
  })
})
