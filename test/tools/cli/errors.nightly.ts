import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
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
  await market.indexed()
  return market.stop
}, 120_000)

const USAGE = 2
const REFUSED = 3
const UNREACHABLE = 4

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
    expect((await refusalOf(posterKey, 'run', 'approve', '999')).message).toContain('BountyNotFound(bountyId 999)')
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
})
