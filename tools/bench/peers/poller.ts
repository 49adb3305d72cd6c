import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import pg from 'pg'
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
import { rest } from './questions.ts'

const folder = folderOf('poller')

const startExpress = ({ databaseUrl }: Place) =>
  startApiScript({ name: "The poller's API", folder, args: ['api.js'], env: { DATABASE_URL: databaseUrl, PORT: '0' } })

export const poller: Peer = {
  name: 'Express + Prisma',
  questions: rest,
  pollingMs: 100,
  begins: /^Polling$/,
  tables: { run: '"Run"', agent: '"Agent"' },
  fill: fillFrom('"Run"', { naming: 'camel' }),

  async prepare({ databaseUrl }) {
    await install(folder)
    // Generating the client needs no engine, but the command downloads one unless it is named.
    const env = { DATABASE_URL: databaseUrl, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
    await execa('npx', ['prisma', 'generate'], { cwd: folder, env, timeout: INSTALL_TIMEOUT_MS })
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    // What `prisma migrate deploy` does, which needs that engine.
    await client.query(await readFile(`${folder}prisma/migrations/0_init/migration.sql`, 'utf8'))
    await client.end()
  },

  async start(place, onLine) {
    const api = await startExpress(place)
    const env = { ...chainEnv(place), DATABASE_URL: place.databaseUrl }
    const indexer = await startScript({ name: 'The poller', folder, args: ['poller.js'], env, onLine })
    return joinProcesses(api, indexer)
  },

  serve: startExpress,
}
