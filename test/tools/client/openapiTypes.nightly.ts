import { symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import openapiTypes, { astToString } from 'openapi-typescript'
import { expect, it, onTestFinished } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { sharedMarket } from '../../support/market.ts'
import { participantsOf } from '../../support/participants.ts'
import { temporaryDirectory } from '../../support/temporaryDirectory.ts'

/** Claims and starts a run with the types of the document alone: no cast, no client of ours. */
const program = (url: string, key: string, runId: string, agentId: number, walletAddress: string) => `
import createClient from 'openapi-fetch'
import { privateKeyToAccount } from 'viem/accounts'
import type { paths } from './api.js'

const account = privateKeyToAccount('${key}')
const api = createClient<paths>({ baseUrl: '${url}' })
const path = { id: ${runId} }
const toClaim = await api.GET('/api/messages/claim', {
  params: { query: { runId: ${runId}, agentId: ${agentId}, walletAddress: '${walletAddress}' } },
})
if (!toClaim.data) throw new Error(toClaim.error.detail)
const ofClaim = await account.signTypedData(toClaim.data.typedData)
const claimed = await api.POST('/api/runs/{id}/claim', { params: { path }, body: { ...toClaim.data.body, signature: ofClaim } })
const toStart = await api.GET('/api/messages/start', { params: { query: { runId: ${runId} } } })
if (!claimed.data?.success || !toStart.data) throw new Error(JSON.stringify([claimed.error, toStart.error]))
const signature = await account.signTypedData(toStart.data.typedData)
const started = await api.POST('/api/runs/{id}/start', { params: { path }, body: { ...toStart.data.body, signature } })
const ids: number[] = [claimed.data.run.bountyId]
console.log(ids, started.data?.success === true && started.data.run.state)
`

it('types that openapi-typescript makes of /openapi.json sign and send messages as they are', async () => {
  const market = await sharedMarket('signed')
  const people = participantsOf(market)
  const agent = await people.newAgent(accountOf(2), 1_000_000_000n)
  const runId = String(await people.openRun())
  await market.indexed()
  const { path, remove } = await temporaryDirectory()
  onTestFinished(remove)
  await symlink(resolve('node_modules'), join(path, 'node_modules'))
  await writeFile(join(path, 'api.ts'), astToString(await openapiTypes(new URL('/openapi.json', market.api.url))))
  await writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module' }))
  const source = program(market.api.url, keyOf(2), runId, Number(agent.id), agent.wallet.address)
  await writeFile(join(path, 'program.ts'), source)
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', '--skipLibCheck']
  await execa(resolve('node_modules/.bin/tsc'), [...options, 'program.ts'], { cwd: path })
  const { stdout } = await execa(process.execPath, ['program.js'], { cwd: path })
  expect(stdout).toBe(`[ ${runId} ] IN_PROGRESS`)
}, 180_000)
