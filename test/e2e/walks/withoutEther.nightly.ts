import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { execa } from 'execa'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { onMarket, startTestMarket, type TestMarket } from '../../support/market.ts'
import { participantsOf, usdc } from '../../support/participants.ts'
import { python, startPython } from '../../support/python.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporaryDirectory.ts'

const page = await readFile('docs/without-ether.md', 'utf8')

/** The blocks of a section of the page. */
function blocksOf(section: string): string[] {
  const [, text = ''] = new RegExp(`^## ${section}\\n(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(page) ?? []
  return [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, block = '']) => block)
}

let market: TestMarket
let project: TemporaryDirectory
let parties: { name: string; address: `0x${string}` }[]

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  return market.stop
}, 120_000)

/** New accounts for each walk: 20 USDC for the agent, 200 for the poster, and no ether. */
beforeEach(async () => {
  project = await temporaryDirectory()
  parties = []
  for (const [name, amount] of [['agent', 20n] as const, ['poster', 200n] as const]) {
    const key = generatePrivateKey()
    const { address } = privateKeyToAccount(key)
    await writeFile(join(project.path, `${name}.key`), `${key.slice(2)}\n`, { mode: 0o600 })
    await participantsOf(market).mined(() => market.usdc.write.mint([address, amount * usdc]))
    parties.push({ name, address })
  }
  return project.remove
})

async function expectPaid() {
  const balances = await Promise.all(parties.map(({ address }) => market.usdc.read.balanceOf([address])))
  expect(balances).toEqual([120n * usdc, 95n * usdc])
  for (const { name, address } of parties) {
    expect(await market.client.getBalance({ address }), name).toBe(0n)
    expect(await market.client.getTransactionCount({ address }), name).toBe(0)
  }
}

const [typescript = ''] = blocksOf('TypeScript')
const [program = '', printed = ''] = blocksOf('Python')

describe('the walk without ether, as the page prints it,', () => {
  it('in TypeScript', { timeout: 60_000 }, async () => {
    for (const name of ['package.json', 'packages', 'node_modules']) {
      await symlink(resolve(name), join(project.path, name))
    }
    const source = onMarket(typescript, market)
    expect(source).not.toContain('…')
    await writeFile(
      join(project.path, 'walk.ts'),
      source.replace('@runline/client', resolve('packages/client/src/index.ts')),
    )
    const { stdout } = await execa({ cwd: project.path })(process.execPath, ['walk.ts'])
    expect(`${stdout}\n`).toBe(printed)
    await expectPaid()
  })

  it.skipIf(!python)('in Python', { timeout: 60_000 }, async () => {
    const source = onMarket(program, market)
    expect(source).not.toContain('…')
    const { stdout } = await startPython(`import os\nos.chdir("${project.path}")\n${source}`)
    expect(`${stdout}\n`).toBe(printed)
    await expectPaid()
  })

  it('over MCP', { timeout: 60_000 }, async () => {
    const [commands = '', calls = ''] = blocksOf('MCP')
    const clients: Record<string, Client> = {}
    for (const command of commands.trimEnd().split('\n')) {
      const [, options = '', name = ''] = /market -- (mcp --key-file (\w+)\.key .*)$/.exec(command) ?? []
      const args = options.replace(`${name}.key`, join(project.path, `${name}.key`)).split(' ')
      const env = { RUNLINE_API: market.api.url, RUNLINE_RPC: market.rpcUrl }
      const client = new Client({ name: 'test', version: '1.0.0' })
      await client.connect(
        new StdioClientTransport({ command: process.execPath, args: ['packages/cli/src/main.ts', ...args], env }),
      )
      onTestFinished(() => client.close())
      clients[name] = client
    }
    const ids: Record<string, unknown> = {}
    const lines = calls.trimEnd().split('\n')
    expect(lines.length).toBe(13)
    for (const line of lines) {
      const [, party = '', name = '', json = '', kind, member = '', expected] =
        /^(\w+): (\w+) (\{.*\}) → (?:(\w+)\.)?(\w+): (.*)$/.exec(line) ?? []
      // The ids are those of a new devnet.
      const given = Object.entries(JSON.parse(json)).map(([input, value]) => [input, ids[input] ?? value])
      const result = await clients[party]?.callTool({ name, arguments: Object.fromEntries(given) })
      expect(result?.isError, JSON.stringify(result?.content)).not.toBe(true)
      const answer = result?.structuredContent as Record<string, Record<string, unknown>>
      expect(String((kind === undefined ? answer : answer[kind])?.[member]), line).toBe(expected)
      if (name === 'register_agent') ids.agentId = answer.agent?.id
      if (name === 'post_run') ids.runId = answer.run?.bountyId
    }
    await expectPaid()
  })
})
