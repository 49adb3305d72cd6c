import { mkdir, rm, writeFile } from 'node:fs/promises'
import { execa } from 'execa'
import getPort from 'get-port'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { fillFrom } from './fill.ts'
import {
  chainEnv,
  folderOf,
  INSTALL_TIMEOUT_MS,
  install,
  joinProcesses,
  type Peer,
  type Place,
  startApiScript,
  startScript,
} from './peer.ts'
import { subsquidGraphql } from './questions.ts'

const folder = folderOf('subsquid')

const startGraphql = async ({ databaseUrl }: Place) =>
  startApiScript({
    name: "Subsquid's GraphQL server",
    folder,
    args: ['node_modules/@subsquid/graphql-server/bin/run.js'],
    env: { DB_URL: databaseUrl, GQL_PORT: String(await getPort()) },
  })

export const subsquid: Peer = {
  name: 'Subsquid',
  questions: subsquidGraphql,
  pollingMs: 100,
  begins: /processing blocks from/,
  tables: { run: 'public.run', agent: 'agent' },
  fill: fillFrom('public.run', { naming: 'snake', hasId: true }),

  async prepare({ databaseUrl }) {
    await install(folder)
    await mkdir(`${folder}abi`, { recursive: true })
    await writeFile(`${folder}abi/AgentStaking.json`, JSON.stringify(agentStakingAbi))
    await writeFile(`${folder}abi/BountyMarket.json`, JSON.stringify(bountyMarketAbi))
    // The migration is generated from the difference between the entities and an empty database.
    await rm(`${folder}db`, { recursive: true, force: true })
    const options = { cwd: folder, env: { DB_URL: databaseUrl }, timeout: INSTALL_TIMEOUT_MS }
    await execa('npm', ['run', 'build'], options)
    await execa('npx', ['squid-typeorm-migration', 'generate'], options)
    await execa('npx', ['squid-typeorm-migration', 'apply'], options)
  },

  async start(place, onLine) {
    const api = await startGraphql(place)
    const env = { ...chainEnv(place), DB_URL: place.databaseUrl }
    const indexer = await startScript({ name: "Subsquid's processor", folder, args: ['lib/main.js'], env, onLine })
    return joinProcesses(api, indexer)
  },

  serve: startGraphql,
}
