import { readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { agents, runs } from '../../../tools/devnet/demoMarket.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { patternOf, readSection } from '../../support/readme.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporaryDirectory.ts'

let market: TestMarket
let project: TemporaryDirectory

/** As many agents and runs as the demo market has, so that the ids are those of the page. */
async function fillMarket() {
  const people = participantsOf(market)
  const deadline = (await people.now()) + 86_400n
  for (const _ of agents) await people.newAgent(accountOf(2), 0n)
  for (const _ of runs) {
    await people.mined(() => market.market.write.createBounty(['ipfs://run', usdc, deadline, defaultTerms]))
  }
}

beforeAll(async () => {
  project = await temporaryDirectory()
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  await fillMarket()
  await market.indexed()
  return async () => {
    await market.stop()
    await project.remove()
  }
}, 240_000)

it('the walk of packages/cli/README.md from faucet to payment works as printed', async () => {
  const { steps } = await readSection('packages/cli/README.md', 'A whole life')
  expect(steps.length).toBe(18)
  // The keys of the walk are written to the current directory, so that is not the repository.
  for (const name of ['package.json', 'packages', 'node_modules'])
    await symlink(resolve(name), join(project.path, name))
  const env = { RUNLINE_API: market.api.url, RUNLINE_RPC: market.rpcUrl, RUNLINE_KEY: undefined }
  for (const { command, output } of steps) {
    const { stdout } = await execa('bash', ['-c', command], { cwd: project.path, env, stdin: 'ignore' })
    expect(stdout, command).toMatch(patternOf(output.join('\n')))
  }

  const balanceOf = async (name: string) => {
    const key = await readFile(join(project.path, `${name}.key`), 'utf8')
    return market.usdc.read.balanceOf([privateKeyToAccount(`0x${key.trim()}`).address])
  }
  expect(await balanceOf('agent')).toBe(100n * usdc)
  expect(await balanceOf('poster')).toBe(95n * usdc)
  expect(await market.market.read.owed([accountOf(roles.treasury).address])).toBe(5n * usdc)
}, 300_000)
