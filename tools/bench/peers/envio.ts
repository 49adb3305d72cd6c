import { execa } from 'execa'
import getPort from 'get-port'
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

const folder = folderOf('envio')
const indexerFolder = folderOf('envio/indexer')
const command = `${folder}node_modules/envio/bin.js`
/** Envio installs its generated code with pnpm. */
const PATH = `${folder}node_modules/.bin:${process.env.PATH}`

/** Envio takes the database in parts. */
function databaseEnv({ databaseUrl }: Place) {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl)
  return {
    ENVIO_PG_HOST: hostname,
    ENVIO_PG_PORT: port,
    ENVIO_PG_USER: username,
    ENVIO_PG_PASSWORD: password,
    ENVIO_PG_DATABASE: pathname.slice(1),
    // Its GraphQL is a Hasura, which comes as a container only.
    ENVIO_HASURA: 'false',
    // As its own documents start it: with `production`, its settings have no defaults.
    NODE_ENV: undefined,
  }
}

const startRoute = (place: Place) =>
  startApiScript({
    name: "The route over Envio's tables",
    folder,
    args: ['api.js'],
    env: { DATABASE_URL: place.databaseUrl },
  })

export const envio: Peer = {
  name: 'Envio',
  questions: rest,
  // Its version has no setting for this.
  pollingMs: 1_000,
  begins: /Starting indexing!/,
  tables: { run: '"Run"', agent: '"Agent"' },
  fill: fillFrom('"Run"', { naming: 'camel', hasId: true }),

  async prepare(place) {
    await install(folder)
    // The generated code has the addresses and the node's URL.
    await execa(process.execPath, [command, 'codegen'], {
      cwd: indexerFolder,
      env: { ...chainEnv(place), PATH },
      timeout: INSTALL_TIMEOUT_MS,
    })
  },

  async start(place, onLine) {
    const api = await startRoute(place)
    const env = { ...chainEnv(place), ...databaseEnv(place), ENVIO_INDEXER_PORT: String(await getPort()) }
    const indexer = await startScript({
      name: 'Envio',
      folder: indexerFolder,
      args: [command, 'start'],
      env: { ...env, PATH, LOG_LEVEL: 'info', TUI_OFF: 'true' },
      onLine,
    })
    return joinProcesses(api, indexer)
  },

  serve: startRoute,
}
