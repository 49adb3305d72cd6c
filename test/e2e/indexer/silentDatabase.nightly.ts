import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { freshDatabase } from '../../support/database.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcpProxy.ts'

/** The commands give a connection five seconds. A busy machine takes some seconds to start one. */
const LIMIT_MS = 30_000

let chain: MarketOnAnvil
let databaseUrl: string
let proxy: TcpProxy

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  databaseUrl = await freshDatabase()
  proxy = await startTcpProxy(Number(new URL(databaseUrl).port))
  parts.defer(proxy.stop)
  const kept = parts.move()
  return () => kept.disposeAsync()
})

/** Runs a command as an operator does. It is killed if it does not end in time. */
async function run(command: string, args: string[], url: string) {
  const { exitCode, stderr } = await execa('node', [`ops/${command}.ts`, ...args], {
    env: { DATABASE_URL: url, CHAIN_ID: '31337', RPC_URL: chain.rpcUrl, DEPLOYMENTS_DIR: chain.deploymentsDirectory },
    preferLocal: true,
    reject: false,
    timeout: LIMIT_MS,
  })
  return { exitCode, stderr }
}

it.each([
  ['recoverCommand', [], 1],
  ['pruneCommand', [], 1],
  ['auditCommand', [], 2],
  ['abandonCommand', ['--signer', '0x0000000000000000000000000000000000000001', '--yes'], 1],
  ['contentBlockCommand', ['bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq', '--yes'], 1],
] as const)(
  '%s ends with the reason while PostgreSQL does not answer',
  { timeout: 2 * LIMIT_MS },
  async (command, args, code) => {
    proxy.setSilent(true)
    const silent = proxy.urlOf(databaseUrl)
    const { host } = new URL(silent)
    expect(await run(command, [...args], silent)).toEqual({
      exitCode: code,
      stderr: expect.stringMatching(
        `Cannot connect to PostgreSQL at ${host} within 5 s: timeout expired. Check DATABASE_URL`,
      ),
    })
  },
)

it('a command names the address that refuses connections', { timeout: LIMIT_MS }, async () => {
  expect(await run('pruneCommand', [], 'postgres://postgres:secret@127.0.0.1:1/runline')).toEqual({
    exitCode: 1,
    stderr: expect.stringMatching(/^Cannot connect to PostgreSQL at 127.0.0.1:1 within 5 s: .*ECONNREFUSED/),
  })
})
