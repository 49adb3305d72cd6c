import { readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { agents, runs } from '../../../tools/devnet/demoMarket.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { patternOf, readSection } from '../../support/readme.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporaryDirectory.ts'

let market: TestMarket
let project: TemporaryDirectory

beforeAll(async () => {
  project = await temporaryDirectory()
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  const people = participantsOf(market)
  const deadline = (await people.now()) + 86_400n
  // As many as the demo market has, so that the ids are those of the page.
  for (const _ of agents) await people.newAgent(accountOf(2), 0n)
  for (const _ of runs) {
    await people.mined(() => market.market.write.createBounty(['ipfs://run', usdc, deadline, defaultTerms]))
  }
  await market.indexed()
  return async () => {
    await market.stop()
    await project.remove()
  }
}, 240_000)

const accountOfKey = async (name: string) =>
  privateKeyToAccount(`0x${(await readFile(join(project.path, `${name}.key`), 'utf8')).trim()}`)

/** The command of the page, by a signature that the API sends. A claim is one in any case. */
const relayed = (command: string) =>
  /market -- (run (post|start|submit|revise|approve)|agent (register|stake)) /.test(command)
    ? `${command} --relay`
    : command

it('the walk of packages/cli/README.md, with --relay, needs no ether', async () => {
  const { steps } = await readSection('packages/cli/README.md', 'A whole life')
  for (const name of ['package.json', 'packages', 'node_modules'])
    await symlink(resolve(name), join(project.path, name))
  const env = { RUNLINE_API: market.api.url, RUNLINE_RPC: market.rpcUrl, RUNLINE_KEY: undefined }
  const sent: string[] = []
  for (const { command, output } of steps) {
    const [, amount, name] = /faucet (\d+) --key-file (\w+)\.key/.exec(command) ?? []
    if (amount !== undefined && name !== undefined) {
      // The faucet sends a transaction of the account: here another account mints.
      const { address } = await accountOfKey(name)
      await participantsOf(market).mined(() => market.usdc.write.mint([address, BigInt(amount) * usdc]))
      continue
    }
    const { stdout } = await execa('bash', ['-c', relayed(command)], { cwd: project.path, env, stdin: 'ignore' })
    // A signed payment needs no approval.
    const expected = output.filter(
      (line) => !line.startsWith('approve 20 USDC') && !line.startsWith('approve 105 USDC'),
    )
    expect(stdout, command).toMatch(patternOf(expected.join('\n')))
    if (relayed(command) !== command) sent.push(command)
  }
  expect(sent.length).toBe(8)
  for (const name of ['agent', 'poster']) {
    const { address } = await accountOfKey(name)
    expect(await market.client.getBalance({ address }), name).toBe(0n)
  }
  const { address } = await accountOfKey('agent')
  expect(await market.usdc.read.balanceOf([address])).toBe(100n * usdc)
  const left = ['agent', 'unstake', '14', '20', '--key-file', 'agent.key', '--relay']
  const { stdout } = await execa('npm', ['run', '-s', 'market', '--', ...left], { cwd: project.path, env })
  expect(stdout).toContain('with 0 USDC at stake')
  expect(await market.usdc.read.balanceOf([address])).toBe(120n * usdc)
}, 300_000)
